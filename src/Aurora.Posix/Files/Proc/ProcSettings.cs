// Writing to /proc: the few files that keep a value. What is written in one call is the whole value; everything else is refused.
using System;
using System.Buffers.Text;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Sets what files of /proc stand for.</summary>
internal sealed unsafe class ProcSettings(FileState state, ProcFileSystem proc)
{
    private const int MaxNumberBytes = 12;
    private const int MaxTextBytes = 65;
    private const int NameBytes = 16;

    public SystemCallResult Write(OpenFile* file, ref FileTransfer transfer)
    {
        ProcKey key = file->Inode->ProcKey;
        if (!key.IsWritable || transfer.Thread == null)
            return transfer.Finish(Errno.EIO);
        if (transfer.Remaining == 0)
            return transfer.Finish();
        Process* process = proc.ProcessOf(file->Inode);
        if (process == null && key.Process != 0)
            return transfer.Finish(Errno.ESRCH);
        bool isNumber = key.Node is ProcNode.ProcessOomScore or ProcNode.LeaseBreakTime or ProcNode.PipeMaxSize;
        int most = key.Node switch { _ when isNumber => MaxNumberBytes, ProcNode.ProcessName => NameBytes - 1, _ => MaxTextBytes };
        isNumber |= ProcNames.IsIpcSetting(key.Node) || ProcNames.IsInotifySetting(key.Node);
        Span<byte> text = stackalloc byte[MaxTextBytes];
        text = text[..(int)Math.Min(transfer.Remaining, (ulong)most)];
        // A value that is refused has not been written; one whose page is still to come is read again.
        FileTransfer taken = transfer;
        TransferStatus status = taken.Take(text);
        if (status != TransferStatus.Ok)
            return taken.Stop(status);
        Errno error = key.Node switch
        {
            ProcNode.ProcessOomScore => SetBias(transfer.Thread, process, text),
            ProcNode.ProcessName => SetName(transfer.Thread, process, text),
            ProcNode.LeaseBreakTime => SetLeaseBreakTime(file->Inode->Header.Group, text),
            ProcNode.PipeMaxSize => SetMostPipeBytes(file->Inode->Header.Group, text),
            _ when ProcNames.IsInotifySetting(key.Node) => SetInotifyLimit(file->Inode->Header.Group, key.Node, text),
            _ when ProcNames.IsIpcSetting(key.Node) => proc.Information.SetIpcSetting(transfer.Thread, key.Node, text),
            ProcNode.DomainName => proc.Information.SetDomainName(transfer.Thread, text.TrimEnd((byte)'\n')),
            _ => proc.Information.SetHostName(transfer.Thread, text.TrimEnd((byte)'\n')),
        };
        if (error != Errno.Ok)
            return transfer.Finish(error);
        // What is beyond the longest value is taken and left, as a name's end is.
        if (!isNumber)
            taken.Skip(taken.Remaining);
        transfer = taken;
        return transfer.Finish();
    }

    private static bool IsNumber(ReadOnlySpan<byte> text, out int number)
    {
        text = text.Trim(" \t\n\r"u8);
        return Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
    }

    private Errno SetLeaseBreakTime(ushort group, ReadOnlySpan<byte> text)
        => !IsNumber(text, out int seconds) ? Errno.EINVAL : proc.Information.SetLeaseBreakSeconds(group, seconds) ? Errno.Ok
            : Errno.ENOMEM;

    private Errno SetMostPipeBytes(ushort group, ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t\n\r"u8);
        return Utf8Parser.TryParse(text, out uint bytes, out int used) && used == text.Length
            ? proc.Information.SetMostPipeBytes(group, bytes) : Errno.EINVAL;
    }

    private Errno SetInotifyLimit(ushort group, ProcNode node, ReadOnlySpan<byte> text)
        => !IsNumber(text, out int most) || most < 0 ? Errno.EINVAL
            : proc.Information.SetInotifyLimit(group, ProcNames.InotifyLimitOf(node), most) ? Errno.Ok : Errno.ENOMEM;

    private Errno SetBias(Thread* thread, Process* process, ReadOnlySpan<byte> text)
    {
        if (!IsNumber(text, out int bias) || bias is < -1000 or > 1000)
            return Errno.EINVAL;
        bool isPrivileged = thread->Process->Credentials.Has(Capability.SysResource);
        if (bias < process->LeastOutOfMemoryBias && !isPrivileged)
            return Errno.EACCES;
        process->OutOfMemoryBias = (short)bias;
        if (isPrivileged)
            process->LeastOutOfMemoryBias = (short)bias;
        state.MarkChanged(&process->Header);
        return Errno.Ok;
    }

    private Errno SetName(Thread* thread, Process* process, ReadOnlySpan<byte> text)
    {
        if (thread->Process != process)
            return Errno.EINVAL;
        int end = text.IndexOf((byte)0);
        text = end < 0 ? text : text[..end];
        text = text.TrimEnd((byte)'\n');
        var name = new Span<byte>(process->Name, NameBytes);
        name.Clear();
        text.CopyTo(name);
        for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
        {
            if (each->Id != process->Id)
                continue;
            name.CopyTo(new Span<byte>(each->Name, NameBytes));
            state.MarkChanged(&each->Header);
        }
        state.MarkChanged(&process->Header);
        return Errno.Ok;
    }
}
