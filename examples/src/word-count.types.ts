/** What handler and callers agree on; both import this file. */
declare module '@baton/contracts' {
  interface JobTypes {
    'word-count': { payload: { url: string }; result: { words: number } };
  }
}

export {};
