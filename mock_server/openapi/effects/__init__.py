"""What operations do besides: the steps, values and conditions of ``x-mock-effects``, read and checked."""
