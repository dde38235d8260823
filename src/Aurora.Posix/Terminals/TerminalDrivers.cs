using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Terminals;

/// <summary>The drivers of all terminal devices; made at boot, they serve them from then on.</summary>
public sealed class TerminalDrivers
{
    public TerminalDrivers(TerminalService terminals, ThreadScheduler scheduler, TrackedObjects tracked, FileServices files)
    {
        var arguments = new TerminalArguments(files.User, scheduler);
        var control = new TerminalControl(terminals, arguments, files.User);
        var terminal = new TerminalFile(terminals, scheduler, control);
        files.Devices.Register(DeviceNumber.ControllingTerminal, terminal);
        files.Devices.Register(DeviceNumber.Console, terminal);
        files.Devices.Register(DeviceNumber.SerialTerminal, terminal);
        files.Devices.RegisterPseudoTerminals(terminal);
        var masters = new MasterControl(terminals, control, arguments, files, scheduler, tracked);
        files.Devices.Register(DeviceNumber.Multiplexer, new MasterFile(terminals, masters, scheduler, tracked));
    }
}
