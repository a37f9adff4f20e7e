"""What is measured: `./dev bench [NAME]`, each beside what it is compared with, in one run."""
