{
  # node-gyp's way to the same CMake build: one source of truth.
  'targets': [
    {
      'target_name': 'sonotrack_cmake',
      'type': 'none',
      'actions': [
        {
          'action_name': 'cmake_js_compile',
          'inputs': ['CMakeLists.txt'],
          'outputs': ['<(PRODUCT_DIR)/sonotrack.node'],
          'action': ['npx', '--no-install', 'cmake-js', 'compile'],
        },
      ],
    },
  ],
}
