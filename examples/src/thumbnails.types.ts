/** What handlers and callers agree on; both import this file. */
declare module '@baton/contracts' {
  interface JobTypes {
    'make-thumbnail': { payload: { upload: string; width: number }; result: { url: string } };
    'report-upload': {
      payload: { upload: string };
      result: { thumbnails: Record<string, string>; failed: string[] };
    };
    'refresh-gallery': { payload: { gallery: string }; result: null };
  }
}

export {};
