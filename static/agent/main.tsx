// The agents' console: signs in, then shows the desk for as long as the server lets it.

import './words/shared';
import '../shared/ui/theme.css';
import '../shared/ui/messages.css';
import './agent.css';
import './account.css';
import './blocks.css';
import './details.css';
import './inbox.css';
import './replies.css';
import { render } from 'preact';
import { fitVisualViewport, watchAttention } from '../shared/browser';
import { Console } from './Console';

watchAttention();
fitVisualViewport();
render(<Console />, document.getElementById('page') ?? document.body);
