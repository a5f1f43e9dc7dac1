//! Methods from a descriptor set, as protobuf compilers write it.

use std::{error::Error, fmt};

use prost::Message;
use prost_types::FileDescriptorSet;

use super::{Method, bidi_stream, client_stream, server_stream, unary};

/// The bytes were no descriptor set.
#[derive(Clone, Debug)]
pub struct DescriptorError {
    source: Option<prost::DecodeError>,
}

/// Reads the methods of a `FILE_DESCRIPTOR_SET`.
pub(super) fn methods(set: &[u8]) -> Result<Vec<Method>, DescriptorError> {
    let set = FileDescriptorSet::decode(set).map_err(|source| DescriptorError { source: Some(source) })?;
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let service_name = match file.package() {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            };
            methods.extend(service.method.iter().map(|method| {
                let (service, name) = (&*service_name, method.name());
                match (method.client_streaming(), method.server_streaming()) {
                    (false, false) => unary(service, name),
                    (true, false) => client_stream(service, name),
                    (false, true) => server_stream(service, name),
                    (true, true) => bidi_stream(service, name),
                }
            }));
        }
    }
    let are_named = set.file.iter().flat_map(|file| &file.service).all(|service| {
        !service.name().is_empty() && service.method.iter().all(|method| !method.name().is_empty())
    });
    if methods.is_empty() || !are_named {
        return Err(DescriptorError { source: None });
    }
    Ok(methods)
}

// ===== impl DescriptorError =====

impl fmt::Display for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "these bytes are no descriptor set of named methods: give those that `protoc --descriptor_set_out` or the build of tonic wrote \
             (FILE_DESCRIPTOR_SET)",
        )
    }
}

impl Error for DescriptorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
