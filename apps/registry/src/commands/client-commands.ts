import type { Command } from 'commander';
import { addCopy } from './copy-command.ts';
import { addInspect } from './inspect-command.ts';
import { addList } from './list-command.ts';
import { addLogin, addLogout } from './login-commands.ts';
import { addRemove } from './remove-command.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

/** Adds the commands that speak to registries of others: copy, ls, inspect, rm, login, logout. */
export function addClientCommands(program: Command, process: CommandProcess, run: Run): void {
  addCopy(program, process, run);
  addList(program, process, run);
  addInspect(program, process, run);
  addRemove(program, process, run);
  addLogin(program, process, run);
  addLogout(program, process, run);
}
