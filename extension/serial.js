/**
 * A queue that runs one task at a time, in order, and goes on after a failure.
 * @returns {<T>(task: () => Promise<T>) => Promise<T>}
 */
export function serial() {
  let last = Promise.resolve();
  return (task) => {
    const run = last.then(task);
    last = run.then(() => undefined, () => undefined);
    return run;
  };
}
