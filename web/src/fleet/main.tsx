import { render } from 'preact';
import { Fleet } from './fleet.tsx';
import '../board.css';

const root = document.getElementById('fleet');
if (root) render(<Fleet />, root);
