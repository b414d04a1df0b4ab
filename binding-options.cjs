// How pkg-prebuilds names the addon: build/Release/sonotrack.node, prebuilds/sonotrack-<platform>-<arch>/node-napi-v8.node.
module.exports = { name: 'sonotrack', napi_versions: [8] };
