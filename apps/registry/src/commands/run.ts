/** Runs a command once its words are known; what it returns is the exit status. */
export type Run = (command: () => Promise<number>) => Promise<void>;
