using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What carries out the operations on each kind of file.</summary>
public sealed unsafe class FileDrivers
{
    private readonly RegularFileOperations _regular;
    private readonly DirectoryOperations _directories = new();
    private readonly PipeOperations _pipes;
    private readonly DeviceTable _devices;
    private readonly ProcFileOperations _proc;
    private readonly EventCounterOperations _counters;
    private readonly TimerFileOperations _timers;
    private readonly SignalFileOperations _signals;
    private readonly EventPollFile _eventPolls;

    internal FileDrivers(
        RegularFileOperations regular, PipeOperations pipes, DeviceTable devices, ProcFileOperations proc, EventCounterOperations counters,
        TimerFileOperations timers, SignalFileOperations signals, FileState state, ThreadWaker waker)
    {
        EventPolls = new EventPolls(state, this, waker);
        _eventPolls = new EventPollFile(EventPolls, waker);
        _regular = regular;
        _pipes = pipes;
        _devices = devices;
        _proc = proc;
        _counters = counters;
        _timers = timers;
        _signals = signals;
    }

    /// <summary>Epolls ask the files they watch.</summary>
    internal EventPolls EventPolls { get; }

    /// <summary>The operations on a file; null when nothing carries them out (an unknown device).</summary>
    public FileOperations? Of(OpenFile* file) => file->Kind switch
    {
        FileKind.Regular => _regular,
        FileKind.Directory or FileKind.PathOnly => _directories,
        FileKind.Pipe => _pipes,
        FileKind.Device => _devices.Find(file->Inode->Device),
        FileKind.Proc => _proc,
        FileKind.EventCounter => _counters,
        FileKind.Timer => _timers,
        FileKind.Signals => _signals,
        FileKind.EventPoll => _eventPolls,
        _ => null,
    };
}
