// The page for those who review: signs in, then shows the history for as long as the server lets it.

import '../shared/ui/theme.css';
import '../agent/agent.css';
import '../agent/account.css';
import './admin.css';
import { render } from 'preact';
import { Admin } from './Admin';

render(<Admin />, document.getElementById('page') ?? document.body);
