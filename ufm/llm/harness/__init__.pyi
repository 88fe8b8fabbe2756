from .arguments import ArgumentError as ArgumentError
from .model import HarnessModel as HarnessModel
