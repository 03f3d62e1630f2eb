/// Every file of these tests may use what the tests of several targets share.
@_exported import TestSupport
