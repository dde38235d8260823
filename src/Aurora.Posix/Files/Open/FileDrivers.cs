using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What carries out the operations on each kind of file.</summary>
public sealed unsafe class FileDrivers
{
    private readonly FileOperations?[] _byKind = new FileOperations?[byte.MaxValue + 1];
    private readonly DeviceTable _devices;

    internal FileDrivers(
        RegularFileOperations regular, PipeOperations pipes, DeviceTable devices, ProcFileOperations proc, EventCounterOperations counters,
        TimerFileOperations timers, SignalFileOperations signals, ProcessHandleOperations processHandles,
        SocketOperations sockets, InotifyFile inotify, FileState state, ThreadWaker waker)
    {
        EventPolls = new EventPolls(state, this, waker);
        _devices = devices;
        var directories = new DirectoryOperations();
        _byKind[(int)FileKind.Regular] = regular;
        _byKind[(int)FileKind.Directory] = directories;
        _byKind[(int)FileKind.PathOnly] = directories;
        _byKind[(int)FileKind.Pipe] = pipes;
        _byKind[(int)FileKind.Proc] = proc;
        _byKind[(int)FileKind.EventPoll] = new EventPollFile(EventPolls, waker);
        _byKind[(int)FileKind.EventCounter] = counters;
        _byKind[(int)FileKind.Timer] = timers;
        _byKind[(int)FileKind.Signals] = signals;
        _byKind[(int)FileKind.ProcessHandle] = processHandles;
        _byKind[(int)FileKind.Socket] = sockets;
        _byKind[(int)FileKind.Inotify] = inotify;
    }

    /// <summary>Makes operations serve a kind that nothing serves yet; at boot.</summary>
    internal void Add(FileKind kind, FileOperations operations)
    {
        Panic.Unless(_byKind[(int)kind] is null, "files: two drivers of a kind"u8);
        _byKind[(int)kind] = operations;
    }

    /// <summary>Epolls ask the files they watch.</summary>
    internal EventPolls EventPolls { get; }

    /// <summary>The operations on a file; null when nothing carries them out (an unknown device).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FileOperations? Of(OpenFile* file)
    {
        FileKind kind = file->Kind;
        return kind == FileKind.Device ? _devices.Find(file->Inode->Device) : _byKind[(byte)kind];
    }
}
