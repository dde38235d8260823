// What there is to say of one persistent object, as bytes that are the same in every machine it is in: its fields one after another (plain
// ones as they are, references as ids, deadlines as times of the group; ObjectFields says which), and behind them what hangs on the object,
// each part as
//
//   1 byte   which part it is
//   4 bytes  its length
//            the part
//
// Two machines have the same object exactly if its pictures are equal. Where they are not, the difference is named.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.States.Tests;

/// <summary>Draws objects.</summary>
internal sealed unsafe class ObjectPicture
{
    private const int Words = 21;
    private const int PartHeader = 5;

    private enum Part : byte
    {
        Registers = 1,
        Call,
        Files,
        Signals,
        Backlog,
        Name,
        Target,
        Attributes,
        Text,
    }

    // The words of a context, in their order.
    private enum Register
    {
        R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi, OriginalRax, Rip, Cs, Rflags, Rsp, Ss,
        FsBase, GsBase, Mxcsr, Xmm,
    }

    private byte[] _bytes = new byte[2048];
    private int _length;

    /// <summary>The picture drawn last.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>
    /// Draws an object. What a thread that is in a call does at the moment (it sleeps, it is about to look again) is not kept by a
    /// checkpoint: with <paramref name="isSettled"/> false it is left out.
    /// </summary>
    public void Draw(ObjectHeader* header, bool isSettled)
    {
        _length = 0;
        ObjectFields fields = ObjectFields.Of(header->Kind);
        foreach ((int offset, int length) in fields.Stretches)
            Add(new ReadOnlySpan<byte>((byte*)header + offset, length));
        foreach (ObjectField field in fields.Pointers)
            Add(ValueOf((byte*)header + field.Offset, field.Kind));
        DrawParts(header);

        // It follows from the expiry and the machine's real time, or asks whether that has jumped.
        if (header->Kind == ObjectKind.TimerFile && (((TimerFile*)header)->CountsRealtime || ((TimerFile*)header)->IsCancelable))
            Blank(fields, nameof(TimerFile.Deadline));
        if (!isSettled && header->Kind == ObjectKind.Thread && ((Thread*)header)->Call.Active)
        {
            Blank(fields, nameof(Thread.State));
            Blank(fields, nameof(Thread.Deadline));
        }
    }

    /// <summary>The name of what differs first in two pictures of objects of a kind, and how.</summary>
    public static string NameDifference(ObjectKind kind, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        int at = one.CommonPrefixLength(other);
        int start = 0;
        foreach (ObjectField field in ObjectFields.Of(kind).Drawn)
        {
            int length = ObjectFields.DrawnLength(field);
            if (at < start + length)
                return $"{field.Name} was {Show(one.Slice(start, length))} and is {Show(other.Slice(start, length))}";
            start += length;
        }
        while (start + PartHeader <= Math.Min(one.Length, other.Length))
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(one[(start + 1)..]);
            if (at < start + PartHeader + length)
                return NamePart((Part)one[start], at - start - PartHeader, one[start..], other[start..]);
            start += PartHeader + length;
        }
        return "it has other parts";
    }

    private static string NamePart(Part part, int at, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (part == Part.Registers && at >= 0)
        {
            int word = at / 8 * 8;
            string name = $"{(Register)Math.Min(at / 8, (int)Register.Xmm)}";
            return $"register {name} was {Show(one.Slice(PartHeader + word, 8))} and is {Show(other.Slice(PartHeader + word, 8))}";
        }
        return $"{part}: {Show(one[PartHeader..])} became {Show(other[PartHeader..])}";
    }

    private void Blank(ObjectFields fields, string name)
    {
        int start = 0;
        foreach (ObjectField field in fields.Drawn)
        {
            if (field.Name == name)
                _bytes.AsSpan(start, ObjectFields.DrawnLength(field)).Clear();
            start += ObjectFields.DrawnLength(field);
        }
    }

    private void DrawParts(ObjectHeader* header)
    {
        switch (header->Kind)
        {
            case ObjectKind.Thread:
                DrawThread((Thread*)header);
                break;
            case ObjectKind.Process:
                DrawSignals(&((Process*)header)->Pending);
                break;
            case ObjectKind.SignalBacklog:
                var backlog = (SignalBacklog*)header;
                AddPart(Part.Backlog, new ReadOnlySpan<byte>(backlog->Storage, backlog->Count * SignalInfo.Bytes));
                break;
            case ObjectKind.DirectoryEntry or ObjectKind.FormerName:
                AddPart(Part.Name, DirectoryEntry.NameOf((DirectoryEntry*)header));
                break;
            case ObjectKind.Inode:
                var inode = (Inode*)header;
                if ((inode->IsSymbolicLink || inode->IsMemoryFile || inode->IsAnonymousFile) && !inode->IsProc)
                    AddPart(Part.Target, Inodes.TargetOf(inode));
                break;
            case ObjectKind.Message:
                AddPart(Part.Text, Messages.TextOf((Message*)header));
                break;
            case ObjectKind.IpcWaiter:
                AddPart(Part.Text, MemoryMarshal.AsBytes(((IpcWaiter*)header)->Operations));
                break;
            case ObjectKind.Socket:
                AddPart(Part.Name, ((Socket*)header)->NameBytes);
                break;
            case ObjectKind.ExtendedAttributes:
                AddPart(Part.Attributes, ExtendedAttributes.BytesOf((ExtendedAttributes*)header));
                break;
        }
    }

    private void DrawThread(Thread* thread)
    {
        UserContext* context = thread->Context;
        int start = BeginPart(Part.Registers);
        Add(new ReadOnlySpan<byte>(context, Words * 8));
        Add(context->FsBase);
        Add(context->GsBase);
        Add(context->Mxcsr);
        Add(new ReadOnlySpan<byte>(context->Xmm, 256));
        EndPart(start);
        start = BeginPart(Part.Call);
        if (thread->Call.Active)
            DrawCall(in thread->Call);
        EndPart(start);
        start = BeginPart(Part.Files);
        if (thread->Files.IsHeld)
        {
            Add((ulong)thread->Files.Count);
            Add(IdOf(thread->Files.First));
            Add(IdOf(thread->Files.Second));
            Add(IdOf(thread->Files.More));
        }
        EndPart(start);
        DrawSignals(&thread->Pending);
    }

    // Field by field: between them may be anything.
    private void DrawCall(in CallContinuation call)
    {
        fixed (CallContinuation* start = &call)
            foreach ((int offset, int length) in ObjectFields.OfCall.Stretches)
                Add(new ReadOnlySpan<byte>((byte*)start + offset, length));
    }

    private void DrawSignals(PendingSignals* pending)
    {
        int start = BeginPart(Part.Signals);
        for (QueuedSignal* signal = pending->First; signal != null; signal = signal->Next)
            Add(new ReadOnlySpan<byte>(&signal->Info, SignalInfo.Bytes));
        EndPart(start);
    }

    private void AddPart(Part part, ReadOnlySpan<byte> bytes)
    {
        int start = BeginPart(part);
        Add(bytes);
        EndPart(start);
    }

    private int BeginPart(Part part)
    {
        int start = _length;
        Add([(byte)part, 0, 0, 0, 0]);
        return start;
    }

    private void EndPart(int start)
        => BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start + 1), _length - start - PartHeader);

    private void Add(ulong value) => Add(new ReadOnlySpan<byte>(&value, sizeof(ulong)));

    private void Add(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private static ulong ValueOf(byte* field, FieldKind kind)
    {
        if (kind == FieldKind.Reference)
            return IdOf(*(void**)field);
        var deadline = (DeadlineNode*)field;
        return deadline->IsArmed ? deadline->Nanoseconds : 0;
    }

    private static ulong IdOf(void* header) => header == null ? 0 : ((ObjectHeader*)header)->Id.Value;

    private static string Show(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > 8)
            return Convert.ToHexString(value[..Math.Min(value.Length, 64)]);
        Span<byte> whole = stackalloc byte[8];
        whole.Clear();
        value.CopyTo(whole);
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(whole);
        return number < 1 << 20 ? $"{number}" : $"0x{number:x}";
    }
}
