/** Where results and those who wait for them meet, whoever comes first. Each result is taken once. */
export class ResultBoard {
  private readonly results = new Map<string, number>();
  private readonly waiting = new Map<string, (result: number) => void>();

  tell(id: string, result: number): void {
    const resolve = this.waiting.get(id);
    if (resolve) resolve(result);
    else this.results.set(id, result);
  }

  /** Undefined when there is none after `ms`. */
  wait(id: string, ms: number): Promise<number | undefined> {
    const known = this.results.get(id);
    if (known !== undefined) {
      this.results.delete(id);
      return Promise.resolve(known);
    }
    return new Promise((resolve) => {
      const end = (result: number | undefined): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(result);
      };
      const timer = setTimeout(() => end(undefined), ms);
      this.waiting.set(id, end);
    });
  }
}
