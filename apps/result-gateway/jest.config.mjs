export default { preset: '../../jest.preset.js', displayName: 'result-gateway' };
