"""Area codes by state or province and time zone: where the demo's people live."""

from typing import NamedTuple


class Area(NamedTuple):
    """A telephone area: its country, region and time zone."""

    code: str
    country: str
    region: str
    timezone: str


_TABLE = """
US NY America/New_York 212 315 516 518 585 607 631 646 716 718 845 914 917
US NJ America/New_York 201 609 732 856 908 973
US PA America/New_York 215 412 484 570 610 717 724 814
US MA America/New_York 413 508 617 781 978
US CT America/New_York 203 860
US ME America/New_York 207
US NH America/New_York 603
US RI America/New_York 401
US VT America/New_York 802
US DE America/New_York 302
US DC America/New_York 202
US MD America/New_York 240 301 410 443
US VA America/New_York 434 540 571 703 757 804
US WV America/New_York 304
US NC America/New_York 252 336 704 828 910 919
US SC America/New_York 803 843 864
US GA America/New_York 229 404 478 678 706 770 912
US FL America/New_York 239 305 321 352 386 407 561 727 772 786 813 863 904 941 954
US OH America/New_York 216 234 330 419 440 513 614 740 937
US MI America/Detroit 231 248 269 313 517 586 616 734 810 989
US IN America/Indiana/Indianapolis 260 317 574 765
US KY America/New_York 502 606 859
US IL America/Chicago 217 224 309 312 618 630 708 773 815 847
US WI America/Chicago 262 414 608 715 920
US MN America/Chicago 218 320 507 612 651 763 952
US IA America/Chicago 319 515 563 641 712
US MO America/Chicago 314 417 573 636 660 816
US AR America/Chicago 479 501 870
US LA America/Chicago 225 318 337 504 985
US MS America/Chicago 228 601 662
US AL America/Chicago 205 251 256 334
US TN America/Chicago 615 731 901 931
US OK America/Chicago 405 580 918
US KS America/Chicago 316 785 913
US NE America/Chicago 402
US TX America/Chicago 210 214 254 281 325 361 409 469 512 682 713 806 817 830 832 903 936 940 956 972 979
US CO America/Denver 303 719 720 970
US UT America/Denver 435 801
US NM America/Denver 505
US MT America/Denver 406
US WY America/Denver 307
US AZ America/Phoenix 480 520 602 623 928
US CA America/Los_Angeles 209 213 310 323 408 415 510 530 559 562 619 626 650 661 707 714 760 805 818 831 858 909 916 925 949
US WA America/Los_Angeles 206 253 360 425 509
US OR America/Los_Angeles 503 541 971
US NV America/Los_Angeles 702 775
US HI Pacific/Honolulu 808
CA ON America/Toronto 416 519 613 647 705 905
CA QC America/Toronto 418 450 514 819
CA BC America/Vancouver 250 604 778
CA AB America/Edmonton 403 780
"""

AREAS: tuple[Area, ...] = tuple(
    Area(code, country, region, timezone)
    for country, region, timezone, *codes in (line.split() for line in _TABLE.strip().splitlines())
    for code in codes
)
