// What goes with a message beside its bytes (cmsg(3)): open files, and whom it is from. Sent, it is read piece by piece from the program,
// and checked as Linux checks it; received, it is written as far as the program has room, and what has none is told by MSG_CTRUNC.
using System;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

/// <summary>Reads and writes control messages.</summary>
internal static unsafe class SocketControl
{
    private const int SocketLevel = 1;
    private const int Rights = 1;
    private const int Credentials = 2;

    // The most that a program may send (optmem_max).
    private const ulong MostBytes = 20_480;

    // The most that is received: credentials, and as many files as there can be.
    private const ulong MostReceived
        = 2 * LinuxControlHeader.Bytes + LinuxCredentials.Bytes + 4 + (SocketRights.MaxFiles * sizeof(int)) + 4;

    /// <summary>
    /// Reads what is sent with a message. There is room in it for as many files as there can be.
    /// </summary>
    public static bool Read(ref FileCall call, in LinuxMessageHeader header, ref SocketSend send)
    {
        call.Failure = Errno.ENOBUFS;
        if (header.ControlLength > MostBytes)
            return false;
        for (ulong at = 0; header.ControlLength >= at + LinuxControlHeader.Bytes;)
        {
            if (!call.Read(header.Control + at, out LinuxControlHeader piece))
                return false;
            call.Failure = Errno.EINVAL;
            if (piece.Length < LinuxControlHeader.Bytes || piece.Length > header.ControlLength - at)
                return false;
            ulong data = header.Control + at + LinuxControlHeader.Bytes;
            ulong bytes = piece.Length - LinuxControlHeader.Bytes;
            at += LinuxControlHeader.Align(piece.Length);
            if (piece.Level != SocketLevel)
                continue;
            bool isRead = piece.Type switch
            {
                Rights => ReadFiles(ref call, data, bytes, ref send),
                Credentials => ReadUser(ref call, data, bytes, ref send),
                _ => false,
            };
            if (!isRead)
                return false;
        }
        return true;
    }

    private static bool ReadFiles(ref FileCall call, ulong data, ulong bytes, ref SocketSend send)
    {
        ulong number = bytes / sizeof(int);
        call.Failure = Errno.EINVAL;
        if (number > (ulong)(SocketRights.MaxFiles - send.FileCount))
            return false;
        Span<int> descriptors = stackalloc int[SocketRights.MaxFiles];
        descriptors = descriptors[..(int)number];
        if (!call.ReadBytes(data, System.Runtime.InteropServices.MemoryMarshal.AsBytes(descriptors)))
            return false;
        call.Failure = Errno.EBADF;
        foreach (int descriptor in descriptors)
        {
            OpenFile* file = Descriptors.Find(call.Table, descriptor);
            if (file == null)
                return false;
            send.Files[send.FileCount++] = (nint)file;
        }
        return true;
    }

    private static bool ReadUser(ref FileCall call, ulong data, ulong bytes, ref SocketSend send)
    {
        call.Failure = Errno.EINVAL;
        if (bytes != LinuxCredentials.Bytes || !call.Read(data, out LinuxCredentials user))
            return false;
        ref readonly Posix.Processes.Credentials own = ref call.Process->Credentials;
        call.Failure = Errno.EINVAL;
        if (user.Uid == uint.MaxValue || user.Gid == uint.MaxValue)
            return false;
        bool mayBe = (user.Pid == call.Process->Id || own.Has(Capability.SysAdmin))
            && (user.Uid == own.RealUid || user.Uid == own.EffectiveUid || user.Uid == own.SavedUid || own.Has(Capability.SetUid))
            && (user.Gid == own.RealGid || user.Gid == own.EffectiveGid || user.Gid == own.SavedGid || own.Has(Capability.SetGid));
        call.Failure = mayBe ? Errno.ESRCH : Errno.EPERM;
        if (!mayBe || (user.Pid != call.Process->Id && !IsThere(ref call, user.Pid)))
            return false;
        send.HasUser = true;
        send.User = new MessageUser { Pid = user.Pid, Uid = user.Uid, Gid = user.Gid };
        return true;
    }

    private static bool IsThere(ref FileCall call, int pid)
    {
        PidNamespace processes = call.Kernel.Processes.Of(call.Thread);
        return processes.FindProcess(pid) != null || processes.FindThread(pid) != null;
    }

    /// <summary>Makes sure that what may be received can be written.</summary>
    public static bool Probe(ref FileCall call, in LinuxMessageHeader header)
        => header.Control == 0 || header.ControlLength == 0
            || call.Probe(header.Control, Math.Min(header.ControlLength, MostReceived), willWrite: true);

    /// <summary>
    /// Gives the program what came with a message, and its files descriptors. The header then says how much of its room is in use.
    /// </summary>
    public static void Write(ref FileCall call, Socket* socket, ref LinuxMessageHeader header, ref SocketReceive receive)
    {
        bool tellsUser = socket->Has(SocketOptions.PassCredentials);
        ulong at = 0;
        if (header.Control == 0)
        {
            if (tellsUser || receive.Rights != null)
                receive.Told |= SocketFlags.ControlTruncated;
        }
        else
        {
            if (tellsUser)
                at = WriteUser(ref call, in header, ref receive);
            if (receive.Rights != null)
                at = WriteFiles(ref call, in header, at, ref receive);
        }
        header.ControlLength = at;
        if (receive.Rights != null)
            call.Files.Flights.End(receive.Rights);
        receive.Rights = null;
    }

    // Without a message nobody has sent it; ids that nobody has are shown as those of nobody.
    private static ulong WriteUser(ref FileCall call, in LinuxMessageHeader header, ref SocketReceive receive)
    {
        const uint overflowId = 65534;
        MessageUser user = receive.HasUser ? receive.User : MessageUser.Nobody;
        var told = new LinuxCredentials
        {
            Pid = user.Pid,
            Uid = user.Uid == uint.MaxValue ? overflowId : user.Uid,
            Gid = user.Gid == uint.MaxValue ? overflowId : user.Gid,
        };
        const ulong length = LinuxControlHeader.Bytes + LinuxCredentials.Bytes;
        if (header.ControlLength < length)
            receive.Told |= SocketFlags.ControlTruncated;
        if (header.ControlLength < LinuxControlHeader.Bytes)
            return 0;
        ulong taken = Math.Min(length, header.ControlLength);
        call.Write(header.Control, new LinuxControlHeader { Length = taken, Level = SocketLevel, Type = Credentials });
        call.WriteBytes(header.Control + LinuxControlHeader.Bytes,
            new ReadOnlySpan<byte>(&told, (int)(taken - LinuxControlHeader.Bytes)));
        return Math.Min(LinuxControlHeader.Align(length), header.ControlLength);
    }

    private static ulong WriteFiles(ref FileCall call, in LinuxMessageHeader header, ulong at, ref SocketReceive receive)
    {
        ulong room = header.ControlLength - at;
        int most = room <= LinuxControlHeader.Bytes ? 0 : (int)Math.Min((room - LinuxControlHeader.Bytes) / sizeof(int), int.MaxValue);
        SocketRights* rights = receive.Rights;
        int installed = 0;
        ulong data = header.Control + at + LinuxControlHeader.Bytes;
        bool closes = (receive.Flags & SocketFlags.CloseOnExec) != 0;
        for (; installed < Math.Min(most, rights->Count); installed++)
        {
            OpenFile* file = rights->FileAt(installed);
            call.Files.OpenFiles.Hold(file);
            Errno error = call.Files.Descriptors.Install(call.Table, file, 0, call.DescriptorLimit, closes, out int descriptor);
            if (error == Errno.Ok && call.Write(data + ((ulong)installed * sizeof(int)), descriptor))
                continue;
            if (error == Errno.Ok)
                call.Files.Descriptors.Close(call.Table, descriptor);
            else
                call.Files.OpenFiles.Release(file);
            break;
        }
        if (installed < rights->Count)
            receive.Told |= SocketFlags.ControlTruncated;
        if (installed == 0)
            return at;
        ulong length = LinuxControlHeader.Bytes + ((ulong)installed * sizeof(int));
        call.Write(header.Control + at, new LinuxControlHeader { Length = length, Level = SocketLevel, Type = Rights });
        return at + Math.Min(LinuxControlHeader.Align(length), room);
    }
}
