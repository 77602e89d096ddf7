"""Requirements of standards that rules belong to.

Compared with prowler 5.46.0 (its mappings of CIS 1.4 to 7.0, NIST SP 800-53 Rev. 5 and PCI DSS 4.0, for the checks of key rotation, unused
keys, second keys and root keys). The recommendations of CIS about rotation and unused keys are in ``_words``.
"""

from __future__ import annotations

NIST_ROTATION = ("AC-2(1)", "AC-3(15)")
NIST_UNUSED = ("AC-2(1)", "AC-2(3)", "AC-3(15)", "AC-6")
NIST_ROOT = ("AC-2(1)", "AC-3(15)", "AC-6", "AC-6(2)", "AC-6(10)")
PCI_ROTATION = ("8.3.9", "8.6.3")
PCI_UNUSED = ("8.2.6",)
PCI_ROOT = ("7.2.1", "7.2.2", "8.2.2")
CIS_ONE_KEY = ("1.13 in v1.4 to v4.0.1", "1.12 in v5", "2.12 in v6")
CIS_ROOT = ("1.4 in v1.4 to v4.0.1", "1.3 in v5", "2.3 in v6", "2.4 in v7")
# https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025
NHI_OFFBOARDING = ("NHI1:2025 Improper Offboarding",)
NHI_LEAKAGE = ("NHI2:2025 Secret Leakage",)
NHI_PRIVILEGE = ("NHI5:2025 Overprivileged NHI",)
NHI_LONG_LIVED = ("NHI7:2025 Long-Lived Secrets",)
