"""Free text that a reasonable person understands as an opt-out (47 CFR 64.1200(a)(10)), and what only looks like one.

All patterns are matched against normalised words: lower case, no accents, no punctuation, `don't` is `dont`.
"""

import re
from collections.abc import Iterable

_ABOUT = (
    r"(text(s|ing)?|txt(s|ing)?|messag(e|es|ing)|msgs?|sms|mms|sending|contact(ing)?|e ?mail(s|ing)?|call(s|ing)?|spam(ming)?"
    r"|promo(s|tions?)|ads?|advertis(ing|ements?)|marketing|notifications?|alerts?|offers?|newsletters?|bothering|writing|subscription)"
)
_FILL = r"((all|any|every|more|further|future|these|those|this|the|your|me|my|to|of|from|with|getting|receiving|damn|please|such|promotional|marketing) ){0,4}"

STOPS = (
    # English
    rf"\b(stop|quit|cease|end|cancel|halt) {_FILL}{_ABOUT}\b",
    r"\b(take|remove|delete|drop|get|strike|scratch|pull) (me|us|my (phone |mobile |cell )?number|this number|my name) (off|from|out)\b",
    r"\b(remove|delete|unsubscribe|unsub) (me|us|my (phone |mobile |cell )?number|this number)\b",
    rf"\bno more {_FILL}{_ABOUT}\b",
    r"\b(do not|dont|never) (you )?(ever )?(text|txt|message|msg|contact|call|e ?mail|write|send|sms|spam|bother)\b(?! (forget|until|before|after|later))",
    rf"\b(do not|dont|no longer|never) (want|wish|need|care) (to )?{_FILL}(get|receive|hear|be)?\b ?{_FILL}({_ABOUT}|from you|anything)\b",
    r"\b(unsubscribe|unsub|unsubscribed|unsubscribing)\b",
    r"\bopt(ed|ing)? ?(me |us )?(out)\b",
    r"\b(revoke|withdraw|rescind)(ing)? (my |all |any )?(consent|permission)\b",
    r"\b(leave me alone|lose my number|i want out|let me out|stop it now|stop this now)\b",
    r"\bplease (stop|quit|cease|desist)( (it|this|now|that|immediately|already))?$",
    r"\bi (want|wish|would like|need|demand|asked|told) (you )?(to )?(stop|quit|be (removed|taken off|unsubscribed))\b(?! (by|in|at|over)\b)",
    # Spanish
    r"\bno (me |nos )?(envie[ns]?|envies|mande[ns]?|mandes|escriba[ns]?|contacte[ns]?|llame[ns]?|moleste[ns]?|texte[aeo]n?)\b",
    r"\bdej(e|en|a|ad|ar|es) de (enviar|mandar|escribir|molestar|contactar|textear)",
    r"\b(dar|dame|darme|denme|deme|darnos|quiero|solicito|pido) (la |de )*baja\b",
    r"\bno quiero (recibir |mas |sus |estos |ningun )*(mensajes?|sms|textos?|publicidad|promociones|correos)\b",
    r"\bno mas (mensajes?|sms|textos?|publicidad|promociones)\b",
    r"\b(cancelar?|cancelen|anular) (mi |la |esta )?(suscripcion|mensajes)\b|\bdesuscrib\w*|\b(quitenme|borrenme|eliminenme|saquenme)\b",
    # French
    r"\b(arretez|arrete|arreter|cessez|stoppez) (de |d)?(menvoyer|envoyer|mecrire|ecrire|me contacter|contacter|de me|les|vos|ces|ca|tout|svp|sil vous)",
    r"\b(ne )?(menvoyez|mecrivez|envoyez|envoie|ecrivez|contactez|me contactez) (moi )?plus\b",
    r"\bplus (de|aucun) (messages?|sms|textos?|pub|publicite)\b",
    r"\b(desabonne\w*|desinscri\w*|retirez moi|enlevez moi|supprimez (moi|mon numero))\b",
    r"\bne (veux|souhaite|desire) plus (recevoir|de|etre)\b",
    # German
    r"\bkeine? (weiteren? |mehr )?(nachrichten?|sms|werbung|texte|mails?)( mehr)?\b",
    r"\b(abmelden|abbestell\w*|austragen|abmeldung|abbestellung)\b",
    r"\b(hor|hort|horen sie) (bitte |damit |endlich )*auf\b|\bbitte (auf ?horen|stoppen|stopp)\b",
    r"\bnicht (mehr|weiter) (schreiben|senden|schicken|kontaktieren|anschreiben|texten)\b|\b(schreib|schreibt|schreiben sie|sende|senden sie|schickt?) mir (bitte )?(nicht|nichts|keine)\b",
    r"\bloschen sie (meine|mich)\b|\bnehmt? mich (von|aus) \w+ (liste|verteiler)\b",
)  # fmt: skip
NEGATED = (
    r"\b(do not|dont|never|cant|cannot|wont|will not|wouldnt|please no|didnt|not|no need to|dont you dare)"
    r" ((ever|want|wanna|wish|going|gonna|try|plan|mean|you dare|to|please|even|you ever) )*"
    r"(stop|stopping|quit|end|cancel|unsubscribe|opt out|optout|opt me out|remove me|take me off|delete me|be removed)\b",
    r"\bno (pares|paren|pare|detengas|se detengan|cancelen|quiero (la |darme de )*baja)\b",
    r"\b(narretez|narrete|narretes|ne vous arretez|arretez|arrete) (surtout )?pas\b|\bne (me )?(desabonnez|desinscrivez) pas\b",
    r"\b(nicht|niemals|nie) (auf ?horen|stoppen|abmelden|abbestellen)\b|\b(hor|hort|horen sie) (bitte |blos |bloss )*nicht auf\b",
)  # fmt: skip
HARMLESS = (
    r"\b(bus|train|tram|next|first|last|pit|truck|full|rest|metro|subway|one|whistle|door|non|your|the) stops?\b(?! (text|send|mess))",
    r"\bstop(ped|ping|s)? (by|in|over|at)\b",
    r"\bnon ?stop\b",
    r"\b(week|month|year|day|weekend)s? ?end\b",
    r"\b(by|at|until|before|in|till) the end\b|\bend of\b",
    r"\bcancel (the |my |our |an |this |that )*(appointment|booking|reservation|order|class|meeting|visit|delivery|flight|room|table|lesson|session)\b",
    r"\bremove (the |my |an |a |this |that )*(item|product|stain|charge|fee|tag|sticker)s?\b",
)  # fmt: skip
DOUBTS = (
    r"\b(stop|stopp|unsub\w*|quit|cease|optout|revoke|wrong number|wrong person|who is this|who are you|not interested|harass\w*|lawyer|spam)\b",
    r"\b(fuck|piss|bugger|sod|screw) (off|you)\b|\bgo away\b|\bleave me\b|\bnot me\b",
    r"\b(no me interesa|numero equivocado|basta ya|arretez|cessez|pas interesse|mauvais numero|kein interesse|falsche nummer|baja|hor auf)\b",
)  # fmt: skip
POLITE = frozenset((
    "please", "pls", "plz", "thanks", "thank", "you", "thx", "ty", "now", "ok", "okay", "hi", "hello", "hey", "sir",
    "madam", "it", "this", "that", "already", "immediately", "asap", "just", "kindly", "por", "favor", "gracias",
    "ya", "svp", "merci", "sil", "vous", "plait", "te", "bitte", "danke", "sofort", "jetzt", "i", "said", "me",
))  # fmt: skip
"""Words that may stand around a keyword without changing what it means."""


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


stops, negated, harmless, doubts = (_any(patterns) for patterns in (STOPS, NEGATED, HARMLESS, DOUBTS))
