using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>The state record of what pidfds share.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcessHandleRecord
{
    public const int Bytes = 8;

    /// <summary>None once the process has been waited for.</summary>
    public ObjectId Process;
}

/// <summary>Captures what pidfds lead to and puts it back; the open files are counted as they are linked.</summary>
public sealed unsafe class ProcessHandleCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.ProcessHandle;
    public override int LargestPayload => sizeof(ProcessHandleRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Process* process = ((ProcessHandle*)header)->Process;
        return Write(payload, new ProcessHandleRecord { Process = process == null ? default : process->Header.Id });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        ProcessHandle* handle = (ProcessHandle*)header;
        return header->References > 0
            && (handle->Process == null || (IsLive(handle->Process, ObjectKind.Process) && handle->Process->Handle == handle));
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out ProcessHandleRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        ProcessHandle* handle = Files.State.ProcessHandles.Allocate();
        if (handle == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&handle->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        ObjectId id = Reread<ProcessHandleRecord>(payload).Process;
        if (id.IsNone)
            return RestoreStatus.Ok;
        ProcessHandle* handle = (ProcessHandle*)header;
        handle->Process = (Process*)tracker.Find(id, ObjectKind.Process);
        if (handle->Process == null)
            return RestoreStatus.MissingReference;
        if (handle->Process->Handle != null)
            return RestoreStatus.BadRecord;
        handle->Process->Handle = handle;
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => header->References > 0 ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
