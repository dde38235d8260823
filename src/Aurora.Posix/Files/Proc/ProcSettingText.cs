using System;
using System.Buffers.Binary;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>What the files below /proc/sys say.</summary>
internal sealed unsafe class ProcSettingText(FileState state, MemoryManager memory, RandomSource random)
{
    private const int UuidBytes = 16;

    public void Write(ProcessInformation information, ushort group, ProcNode node, ref Utf8Writer writer)
    {
        if (ProcNames.IsIpcSetting(node))
            information.WriteIpcSetting(group, node, ref writer);
        if (ProcNames.IsInotifySetting(node))
            ProcFields.WriteLine(information.InotifyLimitOf(group, ProcNames.InotifyLimitOf(node)), ref writer);
        switch (node)
        {
            case ProcNode.HostName: ProcFields.WriteLine(information.HostNameOf(group), ref writer); break;
            case ProcNode.DomainName: ProcFields.WriteLine(information.DomainNameOf(group), ref writer); break;
            case ProcNode.LeaseBreakTime: ProcFields.WriteLine(information.LeaseBreakSecondsOf(group), ref writer); break;
            case ProcNode.Tainted: ProcFields.WriteLine(0, ref writer); break;
            case ProcNode.ProtectedHardLinks or ProcNode.ProtectedSymbolicLinks: ProcFields.WriteLine(1, ref writer); break;
            case ProcNode.OsType: ProcFields.WriteLine("Linux"u8, ref writer); break;
            case ProcNode.OsRelease: ProcFields.WriteLine(information.Release, ref writer); break;
            case ProcNode.OsVersion: ProcFields.WriteLine(information.Version, ref writer); break;
            case ProcNode.PidMax: ProcFields.WriteLine(IdTable.Limit, ref writer); break;
            case ProcNode.NgroupsMax: ProcFields.WriteLine(Credentials.MaxGroups, ref writer); break;
            case ProcNode.CapLastCap: ProcFields.WriteLine((int)Capability.Last, ref writer); break;
            case ProcNode.OvercommitMemory: ProcFields.WriteLine(1, ref writer); break;
            case ProcNode.MinFreeKilobytes: ProcFields.WriteLine(1024, ref writer); break;
            case ProcNode.FileMax: ProcFields.WriteLine(FileLimits.Default.MaxOpenFiles, ref writer); break;
            case ProcNode.NrOpen: ProcFields.WriteLine(DescriptorTable.MaxDescriptors, ref writer); break;
            case ProcNode.PipeMaxSize: ProcFields.WriteLine(information.MostPipeBytesOf(group), ref writer); break;
            case ProcNode.MaxDatagrams: ProcFields.WriteLine((int)Socket.DefaultBacklog, ref writer); break;
            case ProcNode.SendBufferDefault or ProcNode.SendBufferMost: ProcFields.WriteLine((int)Socket.DefaultBuffer, ref writer); break;
            case ProcNode.MaxConnections: ProcFields.WriteLine((int)Socket.MaxBacklog, ref writer); break;
            case ProcNode.TerminalsMax: ProcFields.WriteLine(TerminalNodes.Most, ref writer); break;
            case ProcNode.TerminalsNumber: ProcFields.WriteLine(state.Terminals.CountOf(group), ref writer); break;
            case ProcNode.TerminalsReserve: ProcFields.WriteLine(0, ref writer); break;
            case ProcNode.MaxUserWatches: WriteMaxUserWatches(ref writer); break;
            case ProcNode.EntropyAvailable: ProcFields.WriteLine(RandomControl.PoolBits, ref writer); break;
            case ProcNode.ThreadsMax: ProcFields.WriteLine(ProcessTable.MaxThreads, ref writer); break;
            case ProcNode.MaxMapCount: ProcFields.WriteLine(memory.MaxMappingsPerSpace, ref writer); break;
            case ProcNode.FileNumber: WriteFileNumber(ref writer); break;
            case ProcNode.InodeNumber: WriteInodeNumber(ref writer); break;
            case ProcNode.PoolSize: ProcFields.WriteLine(RandomControl.PoolBits, ref writer); break;
            case ProcNode.OverflowUid or ProcNode.OverflowGid: ProcFields.WriteLine(65534, ref writer); break;
            case ProcNode.LastPid: ProcFields.WriteLine(information.LastProcessOf(group), ref writer); break;
            case ProcNode.Architecture: ProcFields.WriteLine("x86_64"u8, ref writer); break;
            case ProcNode.MinimumAddress: ProcFields.WriteLine((int)AddressSpace.UserStart, ref writer); break;
            case ProcNode.BootId: WriteUuid(BootId, ref writer); break;
            case ProcNode.Uuid: WriteUuid(NewUuid(), ref writer); break;
        }
    }

    // What one user may have when no other has any (UserAccounts).
    private void WriteMaxUserWatches(ref Utf8Writer writer)
    {
        int limit = state.EventWatches.Limit;
        ProcFields.WriteLine((limit - (limit / UserAccounts.ObjectReserveShare)) / 2, ref writer);
    }

    // Open files, of which none is kept unused, and the most there can be.
    private void WriteFileNumber(ref Utf8Writer writer)
    {
        writer.AppendDecimal(state.OpenFiles.Count);
        writer.Append("\t0\t"u8);
        ProcFields.WriteLine(FileLimits.Default.MaxOpenFiles, ref writer);
    }

    private void WriteInodeNumber(ref Utf8Writer writer)
    {
        writer.AppendDecimal(state.Inodes.Count);
        writer.Append("\t0\n"u8);
    }

    // Made when it is asked for first: who boots has random numbers by then.
    private UInt128 BootId
    {
        get
        {
            if (state.BootId == 0)
                state.BootId = NewUuid();
            return state.BootId;
        }
    }

    // RFC 9562, version 4.
    private UInt128 NewUuid()
    {
        Span<byte> bytes = stackalloc byte[UuidBytes];
        random.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static void WriteUuid(UInt128 uuid, ref Utf8Writer writer)
    {
        Span<byte> bytes = stackalloc byte[UuidBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, uuid);
        for (int i = 0; i < bytes.Length; i++)
        {
            if (i is 4 or 6 or 8 or 10)
                writer.Append((byte)'-');
            writer.AppendHex(bytes[i], 2);
        }
        writer.Append((byte)'\n');
    }
}
