export default { preset: '../../jest.preset.js', displayName: 'workspace-check' };
