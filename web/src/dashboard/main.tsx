import { render } from 'preact';
import { Dashboard } from './dashboard.tsx';
import '../board.css';
import './dashboard.css';

const root = document.getElementById('dashboard');
if (root) render(<Dashboard />, root);
