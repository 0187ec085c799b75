"""Advertising is advertising, whatever it is called and whatever stands beside it."""

import re
from collections.abc import Iterable, Iterator

from channels.findings import Finding
from compliance.findings import Content, ContentRule, content_rules, folded

_NUMBER = r"\d[\d.,]*"
_AMOUNT = rf"(?:{_NUMBER} ?(?:%|percent|per cent|prozent|pour ?cent|por ciento|[$€£]|usd|eur|gbp|euros?|dollars?|pounds?)|[$€£] ?{_NUMBER})"
# All patterns are of folded text: lower case, without accents.
PROMOTIONS = tuple(
    re.compile(pattern)
    for pattern in (
        # Money off
        rf"{_AMOUNT}\W{{0,3}}(?:off|discount|cheaper|cash ?back|rabatt|de (?:reduction|remise|rabais|descuento|desconto)|dto|di sconto|korting)\b",
        rf"(?:\bsave|\bspare?n?|\beconomisez|\bahorra|\brisparmia|\bbespaar)\b.{{0,12}}{_AMOUNT}",
        r"\b(?:discount|promo|promotion|promotional|coupon|voucher) codes?\b(?!.{0,25}\b(?:applied|used|redeemed)\b)",
        r"\bcode\b.{0,30}\bat checkout\b",
        r"\b(?:rabatt|gutschein|aktions)codes?\b|\bcodes? promo\b|\bcodigos? (?:de descuento|de desconto|promocional)\b",
        r"\bcodic[ei] sconto\b|\bkortingscodes?\b",
        r"\boff your (?:next|first) (?:order|purchase|visit|booking|stay)\b|\b(?:on|for|with) your next (?:order|purchase)\b",
        # Sales and offers
        r"\b(?:flash|summer|winter|spring|autumn|fall|holiday|clearance|mid-?season|end[ -]of[ -]\w+|black friday|big"
        r"|site-?wide|mega) sale\b|\bsale (?:is (?:now )?on|ends?|starts?|now on|event)\b|\bon sale\b",
        r"\bblack friday\b|\bcyber monday\b|\bschlussverkauf\b|\bles soldes\b|\bsoldes d'(?:ete|hiver)\b|\bventes? (?:flash|privees?)\b|\brebajas\b|\buitverkoop\b",
        r"\b(?:special|exclusive|limited|introductory) offers?\b|\blimited[ -]time (?:offer|only|deal|price|sale)|\bbest deals?\b|\bdeals? of the\b|\bhot deals?\b",
        r"\bsonderangebote?\b|\boffres? (?:speciales?|exclusives?)\b|\bofertas? (?:especial|exclusiva)(?:es|s)?\b|\boffert[ae] special[ei]\b",
        r"\bpor tiempo limitado\b|\bnur fur kurze zeit\b|\bduree limitee\b|\btempo limitato\b",
        r"\b(?:buy|shop|upgrade) now\b(?! ?,?-? ?pay)|\bjetzt (?:kaufen|shoppen|zuschlagen)\b|\bcompra ahora\b|\bachetez maintenant\b",
        r"\bbuy one,? get one\b|\bbogo\b|\bdon'?t miss out\b|\blast chance to (?:buy|get|order|save|shop)\b|\bnew arrivals\b",
        r"\b(?:double|triple) points\b|\brefer (?:a|your) friends?\b|\byou (?:may|might) also (?:like|love|be interested)\b",
        r"\brecommended for you\b|\bdas konnte (?:dir|ihnen) (?:auch )?gefallen\b|\bvous aimerez aussi\b",
        # Carts that were left: Meta and the law alike call a reminder of one marketing
        r"\b(?:left|forgot|forgotten|waiting|still|saved)\b.{0,60}\bin (?:your|the) (?:shopping )?(?:cart|basket|bag|trolley)\b",
        r"\byour (?:shopping )?(?:cart|basket|bag)\b.{0,40}\b(?:waiting|waits|abandoned|expires?|about to|misses you|miss you)\b",
        r"\b(?:abandoned|forgotten) (?:cart|basket|checkout)\b|\b(?:complete|finish) your (?:purchase|checkout)\b",
        r"\b(?:back|return) to (?:your |the )?(?:cart|basket)\b|\bitems? in your (?:cart|basket|bag)\b",
        r"\bvotre panier\b.{0,30}\battend|\bdans votre panier\b|\bim warenkorb\b|\b(?:warten?|vergessen)\b.{0,40}\bwarenkorb\b|\bwarenkorb\b.{0,30}\bwart",
        r"\ben (?:tu|su) (?:carrito|cesta)\b|\b(?:tu|su) carrito\b.{0,20}\bespera\b|\bnel (?:tuo )?carrello\b|\bno seu carrinho\b|\bin je winkel(?:mandje|wagen)\b",
    )
)
"""What makes a text advertising, in the languages of the larger markets. Not complete, and no substitute for a reviewer's eyes."""
DOUBTFUL = re.compile(
    r"\b(?:coupons?|vouchers?|discounts?|promos?|promotions?|deals?|offers?|sale|free (?:shipping|delivery|gifts?|trial)|gift cards?"
    r"|rabatte?|gutscheine?|angebote?|remises?|reductions?|promotion|offres?|descuentos?|cupon(?:es)?|ofertas?|sconti?|korting|desconto)\b"
)
"""Words that a receipt may use too."""
REWARDS = re.compile(
    rf"{_AMOUNT}|\b(?:coupons?|vouchers?|discounts?|promo|gifts?|gutscheine?|rabatte?|remise|reduction|cupon|descuento|sconto"
    r"|korting|desconto)\b|\bbefore you go\b|\bmiss you\b|\bsure you want\b|\bstay with us\b|\bmiss(?:ing)? out\b"
)
"""What has no place in the confirmation of an opt-out, not even as a kindness: 47 CFR 64.1200(a)(12) allows no marketing there."""
_CONFIRMS = re.compile(
    r"\b(?:you're|you are|you have been|you were|has been) (?:now |successfully )*(?:unsubscribed|opted[ -]out)\b"
    r"|\byou(?:'ll| will) (?:(?:not|no longer) (?:get|receive)|(?:get|receive) no (?:more|further))\b|\bwon't (?:get|receive)\b"
    r"|\babgemeldet\b|\bdesinscrit\b|\bdado de baja\b"
)
_ENDED = re.compile(
    r"\b(?:no (?:more|further|longer)|not (?:get|receive)|won't (?:get|receive)|unsubscribed from|opted[ -]out (?:of|from))"
    r"(?: (?!(?:but|and|here|use|get)\b|\d)[\w']+){0,8}"
)
"""What a confirmation says has ended: "no more special offers from Acme" offers nothing."""


@content_rules.register
class PromotionRule(ContentRule):
    """Refuses advertising in what is declared as service, transactional or a one-time code: mixed content is marketing.

    A discount beside a shipping notice, a reminder of a cart, a coupon in the confirmation of an opt-out. Words that a
    receipt may use as well ("discount") are shown to author and reviewer as a warning.
    """

    key = "promotion"
    title = "Hidden advertising"

    def problems(self, content: Content) -> Iterable[Finding]:
        if content.is_marketing:
            return
        texts = {name: folded(content.text(name)) for name in content.fields}
        confirms = content.answers_opt_out or any(map(_CONFIRMS.search, texts.values()))
        for name, text in texts.items():
            yield from _confirmation(name, text) if confirms else _mixed(name, text)


def _mixed(name: str, text: str) -> Iterator[Finding]:
    if found := promotion(text):
        yield Finding(
            name,
            f"“{found}” is advertising, and content that is mixed with it counts as marketing. Choose the class marketing, "
            "or take it out.",
            "marketing_content",
        )
    elif doubt := DOUBTFUL.search(text):
        yield Finding(
            name,
            f"“{doubt[0]}” may make it marketing, which needs its own consent; be sure that it does not advertise.",
            "maybe_marketing",
            "warn",
        )


def _confirmation(name: str, text: str) -> Iterator[Finding]:
    rest = _ENDED.sub(" ", text)
    reward = REWARDS.search(rest)
    if found := promotion(rest) or (reward[0] if reward else ""):
        yield Finding(
            name,
            f"“{found}” has no place in the confirmation of an opt-out: it may confirm, and nothing else.",
            "promotion_in_confirmation",
        )


def promotion(text: str) -> str:
    """The first words of a folded text that advertise; empty if none do."""
    return next((found[0] for pattern in PROMOTIONS if (found := pattern.search(text))), "")
