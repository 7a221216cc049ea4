"""The function words of each language, lower case: they identify a text's language, and a query can do without them.

Articles, pronouns, prepositions, conjunctions, auxiliaries, particles: the closed classes, collected by hand, frequent
forms first. No word that a question can be about. They are indexed like any word; for queries see queries.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_LISTS = {
    "ar": """في من على إلى عن مع هذا هذه ذلك تلك التي الذي الذين أن إن كان كانت يكون ما ماذا متى أين كيف لماذا كم هل
    هو هي هم نحن أنا أو ثم لا لم لن قد كل بعد قبل بين حتى عند لكن غير إذا و ف ب ل أي كما منذ حيث أنه أنها وهو وهي
    وقد به بها له لها فيه فيها منه منها عليه عليها""",
    "ca": """el la els les un una uns unes de del dels al als a amb en per que i o no és són va van ser ha han hi ho
    es se seva seu seus seves com quin quina quins quan on qui més però també aquest aquesta aquests aquestes això
    li els ens molt perquè entre fins sobre sense estan està estava era eren havia tot tots pel pels""",
    "cs": """a i v ve na se s že je jsou byl byla bylo byli být do z ze o od po pro při k ke u za jako jak který
    která které kteří kdo co kde kdy proč kolik jaký jaká jaké ale nebo ani aby když tak také už jen ten ta to tento
    tato toto jeho její jejich ho mu jí jim si by bude budou není nejsou má mají mezi před pod nad jsem jste jsme""",
    "da": """og i at er en et den det de der som på for til af med har havde ikke fra var blev bliver være om kan
    skal vil hvad hvem hvor hvornår hvorfor hvordan hvilken hvilket hvilke han hun jeg du vi sig sin sit sine deres
    hans hendes eller men også efter over under ved mellem mod når nogle denne dette disse end så meget kun ud op
    ind""",
    "de": """der die das den dem des ein eine einer eines einem einen und oder aber ist sind war waren wird werden
    wurde wurden worden sein seine seiner seinem seinen ihre ihrer ihrem ihren ihr hat haben hatte hatten in im an
    am auf aus bei mit nach von vom vor zu zum zur für durch über unter um als wie was wer wen wem wo wann warum
    welche welcher welches welchem welchen nicht kein keine auch nur noch so dass es er sie wir ich du sich man
    diese dieser dieses diesem diesen kann können zwischen gegen bis ob wenn dann weil""",
    "el": """ο η το οι τα του της των τον την τη τους τις στο στη στην στον στους στις στα και να με σε από για που
    πως ότι είναι ήταν θα δεν μη μην ως ένα μια ένας έναν μία μιας ενός αυτό αυτή αυτός αυτά τι ποιος ποια ποιο
    ποιοι πότε πού πόσα πόσο πόσοι γιατί αλλά ή αν όταν όπως κατά μετά πριν μεταξύ προς έχει έχουν είχε είχαν μας
    σας τους κι""",
    "en": """the a an of in on at to for from by with about into over under between through during and or but nor if
    then than that this these those is are was were be been being am do does did done has have had having can could
    will would shall should may might must not no as it its he she they them their his her him we us our you your i
    me my what which who whom whose when where why how there here so such only also both each any some s t""",
    "eo": """la de kaj en estas estis estos esti al por kun el ĝi li ŝi ili mi vi ni oni ke kiu kiuj kio kie kiam
    kiel kial kiom tiu tiuj tio ĉi sed aŭ ne ankaŭ da per pri sur sub inter ĝis dum post antaŭ pli plej ĉe ĉiu lia
    ŝia ilia sia siaj ĝia se ĉar tiel kiun kiujn estus""",
    "es": """el la los las un una unos unas de del al a en con por para que y e o u no es son era eran fue fueron ser
    está están estaba ha han había se su sus lo le les como qué quién quiénes cuál cuáles cuándo cuánto cuántos
    cuántas dónde cómo más pero también este esta estos estas ese esa eso esto entre hasta desde sobre sin muy ya
    hay si cuando donde porque durante tras ante""",
    "et": """ja on ei et see kui oli ka aga mis ta nii või oma ning pole selle kes olid olnud olla seda sest kuid
    siis nagu mida kus millal miks kuidas mitu milline need nende tema meie ma sa me te nad ise veel ainult juba
    välja pärast enne kohta peale üle alla""",
    "eu": """eta da ez bat dira du zen ziren duen den dute zuen zuten baina ere izan edo hau hori hauek zer nor non
    noiz nola zenbat zein zergatik baino dela oso bere beste dituen ditu dago daude gabe arte artean baita honek
    hura""",
    "fa": """و در به از که این را با است برای آن یک خود تا بر بود شد شده می هم یا اما اگر نیز ها های چه کدام کی کجا
    چرا چگونه چند چقدر او ما شما آنها من هر بین پس پیش روی بودند شدند کرد کرده باشد هستند نیست دارد داشت""",
    "fi": """ja on ei että se oli joka kun niin kuin mutta ovat olivat olla ollut myös tai sen hän he ne minä sinä me
    te mikä mitä missä milloin miksi miten kuka ketkä kuinka kenen minkä millä mistä mihin jos vain jo sekä vaan
    tämä tämän nämä niiden hänen heidän jonka jotka joita jossa eivät olisi kanssa jälkeen ennen sitä tätä ole voi
    voidaan saa pitää tulee kaikki siitä sitten vielä koska jotta eikä joko""",
    "fr": """le la les l un une des de d du au aux à en dans par pour sur avec sans sous et ou mais donc ni que qu
    qui quoi dont où quand comment pourquoi combien quel quelle quels quelles est sont était étaient fut furent être
    été a ont avait avaient ai as il elle ils elles on nous vous je tu se s sa son ses leur leurs ce cet cette ces c
    ne n pas plus y comme entre si j m t lors""",
    "ga": """agus an na ar ag is go le do sa bhí tá níl ní sé sí siad mé tú muid é í iad a i den don leis chun mar
    ach nó cad cá cathain conas cé nuair atá raibh ón faoi idir gan trí aige aici acu seo sin gur nach""",
    "hi": """के का की में है हैं से को और पर यह वह इस उस ने एक था थी थे कि जो तो भी हो ही या नहीं कर किया गया गई गए
    लिए साथ तक अपने अपनी अपना क्या कौन कब कहाँ कहां कैसे क्यों कितने कितना कितनी किस किसने इन उन हम मैं आप वे ये जब
    अगर लेकिन""",
    "hu": """a az és hogy nem is egy van volt voltak ez azt ezt meg de ha mint csak már vagy még el ki mi mit ami aki
    amely akik amelyek hol mikor miért hogyan hány melyik kik milyen lesz lehet lett után előtt között alatt által
    így ő ők én te mert majd sem minden össze ezek azok ennek annak""",
    "id": """yang dan di ke dari untuk dengan pada adalah ini itu dalam tidak akan oleh juga atau sebagai dapat telah
    ada karena bahwa mereka dia ia kami kita saya anda apa siapa kapan mana mengapa bagaimana berapa lebih sudah
    saat seperti para tersebut antara hanya bisa namun setelah secara""",
    "it": """il lo la i gli le l un uno una di del dello della dei degli delle d a al allo alla ai agli alle da dal
    dalla dai dalle in nel nella nei nelle con su sul sulla per tra fra e ed o che chi cui non è sono era erano fu
    furono essere stato stata ha hanno aveva si suo sua suoi sue come cosa quale quali quando quanto quanti quante
    dove perché più ma anche questo questa questi queste ci ne loro""",
    "lt": """ir yra kad su į iš o bet kaip tai jis ji buvo tik dar ar per po už nuo prie apie jo jos jų kas kur kada
    kodėl kiek kuris kuri kurie kuriuos kurių dėl nėra būti bus taip pat jie mes aš jūs tu šis ši šie tarp be iki""",
    "nl": """de het een en van in op te aan met voor door bij uit naar om over onder tot tussen is zijn was waren
    wordt worden werd werden heeft hebben had hadden dat die dit deze er niet geen als of maar ook nog wat wie waar
    wanneer waarom hoe welke welk hoeveel hij zij ze wij we ik je u hun haar zich men kan kunnen zal zullen dan na
    tegen""",
    "no": """og i at er en et ei den det de der som på for til av med har hadde ikke fra var ble blir være om kan
    skal vil hva hvem hvor når hvorfor hvordan hvilken hvilket hvilke han hun jeg du vi seg sin sitt sine deres hans
    hennes eller men også etter over under ved mellom mot noen denne dette disse enn så mye bare ut opp inn""",
    "pl": """i w we na z ze się że jest są był była było były być do o od po dla przez przy za jak jako który która
    które którzy których którą kto co gdzie kiedy dlaczego ile jaki jaka jakie ale lub albo oraz ani a nie tak także
    już tylko ten ta to tego tej tym ich jego jej go mu im by będzie ma mają między przed pod nad czy""",
    "pt": """o a os as um uma uns umas de do da dos das ao à aos às em no na nos nas num numa com por pelo pela pelos
    pelas para que e ou não é são era eram foi foram ser está estão tem têm tinha se seu sua seus suas lhe como qual
    quais quem quando quanto quantos quantas onde mais mas também este esta estes estas esse essa isso isto entre
    até desde sobre sem muito já há ele ela eles elas""",
    "ro": """și în de la cu pe din pentru care este sunt a au fost era erau fi un o unei unui al ai ale cel cea cei
    cele nu se sa său ce cine când unde cum câți câte cât mai dar sau ca că prin după între fără sub el ea ei ele
    lui lor acest această aceste acestea aceasta acesta său sale să le îi își va vor ar iar""",
    "ru": """и в во на с со к ко у о об от до из за по при для не ни но а или что чтобы как так это этот эта эти
    этого этой тот та те того той он она оно они его её ее их ему ей им мы вы я ты кто где когда почему сколько
    какой какая какое какие каким каких который которая которое которые которых был была было были быть есть будет
    же ли бы если то уже также между над под перед после через без""",
    "sr": """i je u se na da za su od sa o kao koji koja koje iz do po ili ne nije nisu bio bila bilo bili biti što
    šta ko gde kada zašto kako koliko ali a već samo još taj ta to ovaj ova ovo njegov njen njihov ga mu im bi će
    ima imaju između pre posle pod nad и је у се на да за су од са о као који која које из до по или не није нису
    био била било били бити што шта ко где када зашто како колико али већ само још""",
    "sv": """och i att är en ett den det de som på för till av med har hade inte från var blev blir vara om kan ska
    skall vill vad vem var när varför hur vilken vilket vilka han hon jag du vi sig sin sitt sina deras hans hennes
    eller men också efter över under vid mellan mot någon några denna detta dessa än så mycket bara ut upp in""",
    "tr": """ve bir bu da de ile için olan olarak o ne en çok daha gibi kadar ama veya ya ki mi mı mu mü değil var
    yok her şu ben sen biz siz onlar onun bunu bunun kim nerede nasıl neden kaç hangi zaman sonra önce göre ise idi
    oldu olduğu ancak hem diye tarafından arasında""",
}
STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {language: frozenset(words.casefold().split()) for language, words in _LISTS.items()}
)
