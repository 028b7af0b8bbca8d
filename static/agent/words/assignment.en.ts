// The words of the settings about assignment, in English.

export const en = {
  assignment: 'Assignment',
  mode: 'Conversations that wait',
  modes: {
    off: 'Agents take them',
    round_robin: 'Are given to available agents by turns',
    least_busy: 'Are given to the available agent with the fewest',
  },
  capacity: 'Conversations at a time',
  capacityHint: 'How many an agent is given at most, where their account does not say. 0 to 1,000.',
  grace: 'Seconds until an agent counts as gone',
  graceHint: 'After their last connection has ended: a reload is no absence. 2 to 600.',
  returnAfter: 'Seconds until their conversations go back',
  returnAfterHint: 'After that, to the queue. 0: never; at most 86,400.',
};
