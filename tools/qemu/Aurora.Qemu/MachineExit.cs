namespace Aurora.Qemu;

/// <summary>How a machine ended.</summary>
/// <param name="GuestStatus">Init's exit status as a shell shows it, or null when the machine ended before init did.</param>
/// <param name="PoweredOff">True when the kernel powered off with the session still alive on its disk.</param>
/// <param name="QemuStatus">QEMU's own exit status; 137 after SIGKILL.</param>
/// <param name="Errors">What QEMU wrote on standard error.</param>
public sealed record MachineExit(int? GuestStatus, bool PoweredOff, int QemuStatus, string Errors);
