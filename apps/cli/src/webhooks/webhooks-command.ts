import { Command } from 'commander';
import type { CommandParts } from '../command-parts.js';
import { diffCommand } from './diff/diff-command.js';
import { doctorCommand } from './doctor/doctor-command.js';
import { listenCommand } from './listen/listen-command.js';

export function webhooksCommand(parts: CommandParts): Command {
  return new Command('webhooks')
    .description('receive webhooks in development, and find out what is wrong with a receiver')
    .addCommand(listenCommand(parts))
    .addCommand(doctorCommand(parts))
    .addCommand(diffCommand(parts));
}
