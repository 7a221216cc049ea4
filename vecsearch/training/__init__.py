"""New models from existing ones: fine-tuning and distillation."""
