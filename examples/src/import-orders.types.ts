/** What handler and callers agree on; both import this file. */
declare module '@baton/contracts' {
  interface JobTypes {
    'import-orders': { payload: { file: string }; result: { imported: number } };
    'confirm-order': { payload: { order: string }; result: null };
  }
}

export {};
