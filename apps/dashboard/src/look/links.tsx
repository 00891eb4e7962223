import { Anchor, type AnchorProps, Button, type ButtonProps, NavLink, type NavLinkProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Attributes = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'style' | 'color'> & { ref?: Ref<HTMLAnchorElement> };

/** Links of the page that look like the widgets: real anchors, so that they open in tabs and are read as links. */
export const AnchorLink = createLink((props: AnchorProps & Attributes) => <Anchor {...props} />);
export const ButtonLink = createLink((props: ButtonProps & Attributes) => <Button component="a" {...props} />);
export const NavItem = createLink((props: NavLinkProps & Attributes) => <NavLink component="a" {...props} />);
