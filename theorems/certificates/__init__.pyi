from ._paper import PaperCertificate as PaperCertificate
from ._paper import certify_paper as certify_paper
from .check.certificate import check_certificate as check_certificate
from .write.certificate import Certificate as Certificate
from .write.certificate import certify as certify
from .write.certificate import write_certificate as write_certificate
