/** What the declarations do not say of the values that Open vSwitch takes: which ports exist, which fields go together. */
import type { Choices } from '../../support/arbitrary.js';
import { actions } from './actions.js';
import { bodies, messages } from './messages.js';

export const choices: Choices = { ...messages, ...bodies, ...actions };
