export default {
  preset: '../../jest.preset.js',
  displayName: 'messaging',
  // A suite is a part of the contract of a port; the spec of each adapter runs it.
  testPathIgnorePatterns: ['/node_modules/', '\\.suite\\.spec\\.ts$'],
};
