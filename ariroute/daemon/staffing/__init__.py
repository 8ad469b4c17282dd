"""Agents moved between queues as the staffing rules ask: watched and carried out over AMI, decided in staffing/."""
