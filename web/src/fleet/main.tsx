import { render } from 'preact';
import { Fleet } from './fleet.tsx';
import './fleet.css';

const root = document.getElementById('fleet');
if (root) render(<Fleet />, root);
