"""Writing to PeopleSoft through component interfaces, which a site provides as SOAP services."""

from ml_connector.peoplesoft.soap.cache import MemoryWsdlCache, StoredWsdlCache, WsdlCache
from ml_connector.peoplesoft.soap.connect import connect, make_client
from ml_connector.peoplesoft.soap.interfaces import ComponentInterfaces, Created, Interface, Updated
from ml_connector.peoplesoft.soap.messages import Message
from ml_connector.peoplesoft.soap.names import InterfaceName

__all__ = [
    "ComponentInterfaces",
    "Created",
    "Interface",
    "InterfaceName",
    "MemoryWsdlCache",
    "Message",
    "StoredWsdlCache",
    "Updated",
    "WsdlCache",
    "connect",
    "make_client",
]
