import { createProjectGraphAsync } from '@nx/devkit';
import plugin from '@nx/eslint-plugin';

// The rule of layers is skipped with a mere warning when there is no graph of projects, as in a fresh clone. A task of Nx has one.
if (process.env['NX_TASK_TARGET_PROJECT'] === undefined) await createProjectGraphAsync();

export default plugin;
