// Every field of every persistent object is compared unless it is listed here as one that need not be the same, with the reason. The
// lists come from the structures themselves, so a field that is added later is compared without anybody thinking of it, and a pointer of
// a new type must be classified before anything runs. A pointer to another persistent object is compared by that object's id.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.States.Tests;

internal enum FieldKind
{
    Plain,
    Reference,
    Deadline,
}

/// <summary>One field of a structure, as bytes.</summary>
internal readonly record struct ObjectField(string Name, int Offset, int Length, FieldKind Kind);

/// <summary>What is compared of objects of one kind.</summary>
internal sealed unsafe class ObjectFields
{
    private static readonly Dictionary<ObjectKind, Type> _types = new()
    {
        [ObjectKind.MemoryObject] = typeof(VmObject), [ObjectKind.AddressSpace] = typeof(AddressSpace),
            [ObjectKind.Mapping] = typeof(Mapping),
        [ObjectKind.Process] = typeof(Process), [ObjectKind.Thread] = typeof(Thread), [ObjectKind.SignalActions] = typeof(SignalActions),
        [ObjectKind.ProcessGroup] = typeof(ProcessGroup), [ObjectKind.Session] = typeof(Session),
            [ObjectKind.DescriptorTable] = typeof(DescriptorTable),
        [ObjectKind.OpenFile] = typeof(OpenFile), [ObjectKind.Inode] = typeof(Inode), [ObjectKind.DirectoryEntry] = typeof(DirectoryEntry),
            [ObjectKind.FormerName] = typeof(DirectoryEntry),
        [ObjectKind.EventCounter] = typeof(EventCounter), [ObjectKind.TimerFile] = typeof(TimerFile),
            [ObjectKind.SignalFile] = typeof(SignalFile), [ObjectKind.ProcessHandle] = typeof(ProcessHandle),
        [ObjectKind.Pipe] = typeof(Pipe), [ObjectKind.Terminal] = typeof(Terminal), [ObjectKind.Timer] = typeof(Timer),
        [ObjectKind.FileContext] = typeof(FileContext), [ObjectKind.DescriptorChunk] = typeof(DescriptorChunk),
            [ObjectKind.FileLock] = typeof(FileLock),
        [ObjectKind.ExtendedAttributes] = typeof(ExtendedAttributes), [ObjectKind.FileTree] = typeof(FileTree),
        [ObjectKind.SymbolicLinkTail] = typeof(SymbolicLinkTail), [ObjectKind.TerminalText] = typeof(TerminalText),
        [ObjectKind.EventPoll] = typeof(EventPoll), [ObjectKind.EventWatch] = typeof(EventWatch),
        [ObjectKind.Inotify] = typeof(Inotify), [ObjectKind.InotifyWatch] = typeof(InotifyWatch),
            [ObjectKind.InotifyEvent] = typeof(InotifyEvent),
        [ObjectKind.IpcSpace] = typeof(IpcSpace), [ObjectKind.SharedSegment] = typeof(SharedSegment),
            [ObjectKind.MessageQueue] = typeof(MessageQueue), [ObjectKind.Message] = typeof(Message),
            [ObjectKind.NamedQueue] = typeof(NamedQueue),
            [ObjectKind.IpcWaiter] = typeof(IpcWaiter), [ObjectKind.SemaphoreSet] = typeof(SemaphoreSet),
            [ObjectKind.SemaphoreBlock] = typeof(SemaphoreBlock), [ObjectKind.SemaphoreUndo] = typeof(SemaphoreUndo),
        [ObjectKind.Socket] = typeof(Socket), [ObjectKind.SocketMessage] = typeof(SocketMessage),
            [ObjectKind.SocketRights] = typeof(SocketRights),
        [ObjectKind.MachineSettings] = typeof(MachineSettings), [ObjectKind.SignalBacklog] = typeof(SignalBacklog),
    };

    // Identity and references are compared; the lists an object is on, and the place of its group in the machine, are not.
    private static readonly string[] _ofHeader = ["Flags", "Group", "Owner", "NextChanged", "PreviousChanged", "NextInBucket"];

    private static readonly Dictionary<Type, string[]> _ignored = new()
    {
        [typeof(Thread)] =
        [
            "Context", // its registers are compared by ObjectPicture
            "RanSinceCapture", "NextThatRan", "PreviousThatRan", "NextRunnable", "PreviousRunnable", "RunQueue", "Waits", "Token",
                "SliceNanoseconds", "IsInteractive",
            "NextOfProcess", "PreviousOfProcess", // whose turn it is, and lists
            "VoluntarySwitches", "InvoluntarySwitches", "MinorFaults", "MajorFaults",
                // a restored program waits and touches its pages again
            "Pending.First", "Pending.Last", "Pending.LastBacklog", // the queue is compared by ObjectPicture
            "UndoList", // what is in it has its number
            "RoomWaits", // it asks for room again
            "Regions.First", // what is not persisted of regions is no group's
            "Call", // only while it is in one: ObjectPicture
            "Files.First", "Files.Second", "Files.More", "Files.Count", // only while they are held: ObjectPicture
        ],
        [typeof(Process)] =
        [
            "FirstChild", "NextSibling", "PreviousSibling", "NextInProcessGroup", "PreviousInProcessGroup", "FirstThread", "LastThread",
                "FirstTimer", "FirstCounting", "ProcessorTimeToLook", // it looks sooner after a restore
            "VoluntarySwitches", "InvoluntarySwitches", "MinorFaults", "MajorFaults", "ChildMinorFaults", "ChildMajorFaults",
                "Pending.First", "Pending.Last", "Pending.LastBacklog",
        ],
        [typeof(ProcessGroup)] = ["FirstMember", "NextInSession", "IsOnSendingList", "SendingFrom", "SendingUpTo", "NextSending"],
        [typeof(Session)] = ["FirstGroup"],
        [typeof(Pipe)] = ["Produced"], // counts from when it came into memory
        [typeof(Timer)] = ["Next", "NextCounting"],
        [typeof(TimerFile)] = ["NextRealtime", "PreviousRealtime", "ChangesSeen"], // a list, and how far its telling has come
        [typeof(SignalBacklog)] = ["Storage"], // as far as it is in use: ObjectPicture
        [typeof(FileLock)] = ["Next"],
        [typeof(ExtendedAttributes)] = ["Page"], // what is in it: ObjectPicture
        [typeof(DescriptorTable)] = ["LowestFree", "IsClosing", "NextClosing"], // a lower bound, lists
        [typeof(OpenFile)] = ["Text", "TextPages", "TextPart", "TextScan", "IsClosing", "NextClosing",
            "NextLease", "PreviousLease", "FirstWatch",
            "Watcher.Object", "Watcher.Waits", "Watcher.NextPosted", "Watcher.PreviousPosted", "NextMember"],
            // made again when it is read
        [typeof(EventPoll)] = ["Ready.First", "Ready.Last", "Tree", "FirstWatch", "LastWatch", "Depth", "Search"], // lists, and a search
        [typeof(EventWatch)] = ["Ready.Object", "Ready.List", "Ready.Next", "Ready.Previous", "Ready.First", "Ready.Second", "Ready.Third",
            "Left", "Right", "NextOfPoll", "PreviousOfPoll", "NextOfFile", "PreviousOfFile"], // its order is compared
        [typeof(Inotify)] = ["User", "Tree", "FirstEvent", "LastEvent"], // counted, and lists
        [typeof(InotifyWatch)] = ["Left", "Right", "NextOfInode", "PreviousOfInode"],
        [typeof(InotifyEvent)] = ["Next", "Previous"], // its order is that of its id
        [typeof(Socket)] = ["NextInFlight", "PreviousInFlight", "FirstRights", "FlightMark", "FlightsFromInside", "NextReached",
            "NextNamed",
            "RoomOf", "FirstForRoom", "NextForRoom", "PreviousForRoom", // lists, a search, and who has asked
            "Name"], // what is used of it: ObjectPicture
        [typeof(SocketRights)] = ["Next", "Previous", "Payer.Account"],
        [typeof(Inode)] = ["WalkMark", "FirstLock", "FirstWatch", "TargetPage", "FirstName", "IsPutOff", "IsIdle", "NextPutOff", "NextOnWay",
            "Entries", "AttachedCount"], // which names are in memory
        [typeof(DirectoryEntry)] = ["NextInBucket", "NextName", "State"],
        [typeof(VmObject)] = ["Root", "Height", "IsCaptured", "PageIns", "StoredLimit", "Changes", "Frozen", "FirstMapping", "ForkTwin",
            "StoreBase", "Keeper", "CountedPages", // counted again
            "AheadEnd", "AheadPages", "IsAsRestored", // what is asked for ahead, and need not be read, is found out again
            "Segment", // the segment's record leads to it
            "Region"], // no group's
        [typeof(AddressSpace)] = ["Root", "ResidentPages", "Faults", "Gaps", "TableMemory", "Table", "CapacityPages", "LastHit",
            "Segments", "HasOtherRegion"], // counted, and what a restore has found
        [typeof(Mapping)] = ["NextOfObject", "PreviousOfObject", "IsDetached"], // counted again until its space has ended
        [typeof(IpcSpace)] = [.. TableOf("Segments"), .. TableOf("Sets"), .. TableOf("Queues"), .. TableOf("Named"),
            "FirstQueueUser"], // found by the objects
        [typeof(SemaphoreSet)] = ["Ipc.NextOfKey", "Ipc.NextEnding", "First", "Table", "FirstUndo", "Changers.First", "Changers.Last",
            "Observers.First", "Observers.Last"], // lists
        [typeof(SemaphoreUndo)] = ["List", "NextOfList", "PreviousOfList", "NextOfSet", "PreviousOfSet"], // its number is compared
        [typeof(MessageQueue)] = ["Ipc.NextOfKey", "First", "Last", "Receivers.First", "Receivers.Last", "Senders.First", "Senders.Last",
            "Ipc.NextEnding"], // lists
        [typeof(Message)] = ["Page", "NextPart", "Rank", "Child", "Next", "Previous"], // order is compared, text by ObjectPicture
        [typeof(IpcWaiter)] = ["Next", "Previous", "Page"], // its order is compared, and its operations by ObjectPicture
        [typeof(NamedQueue)] = ["Ipc.NextOfKey", "Ipc.NextEnding", "Messages._root", "Messages._lastOrder",
            "Receivers.First", "Receivers.Last", "Senders.First", "Senders.Last"], // lists; the orders of its messages are compared
        [typeof(SharedSegment)] = ["Ipc.NextOfKey", "Ipc.NextEnding"], // lists
    };

    private static string[] TableOf(string name) => [$"{name}.Pages", $"{name}.Used", $"{name}.Buckets"];

    // Arrays of addresses of persistent objects.
    private static readonly (Type Type, string Field)[] _arrays =
        [
            (typeof(DescriptorTable), "_chunks"), (typeof(DescriptorChunk), "_files"), (typeof(SocketRights), "_files"),
            (typeof(Terminal), "Texts"),
        ];

    private static readonly Dictionary<ObjectKind, ObjectFields> _all = _types.ToDictionary(pair => pair.Key, pair
        => new ObjectFields(pair.Value));

    private readonly List<ObjectField> _fields = [];

    private ObjectFields(Type type)
    {
        int size = Add(type, type, "", 0);
        int real = (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
        if (size != real)
            throw new InvalidOperationException($"{type.Name} has {real} bytes, not {size}");
        Merge();
    }

    public IReadOnlyList<ObjectField> Fields => _fields;

    public static ObjectFields Of(ObjectKind kind) => _all[kind];

    /// <summary>True for kinds whose objects are structures that are compared field by field.</summary>
    public static bool Has(ObjectKind kind) => _all.ContainsKey(kind);

    /// <summary>The call a thread is in.</summary>
    public static ObjectFields OfCall { get; } = new(typeof(CallContinuation));

    /// <summary>The fields that are no plain bytes.</summary>
    public IReadOnlyList<ObjectField> Pointers => _pointers ??= [.. _fields.Where(each => each.Kind != FieldKind.Plain)];

    private ObjectField[]? _pointers;

    /// <summary>All fields in the order of an <see cref="ObjectPicture"/>.</summary>
    public IEnumerable<ObjectField> Drawn => _fields.Where(each => each.Kind == FieldKind.Plain).Concat(Pointers);

    /// <summary>Bytes that a field takes there.</summary>
    public static int DrawnLength(ObjectField field) => field.Kind == FieldKind.Plain ? field.Length : sizeof(ulong);

    /// <summary>The fields of the record of a kind of object; none when it has no structure of its own.</summary>
    public static IReadOnlyList<ObjectField> OfRecord(ObjectKind kind)
    {
        Type? type = new[] { typeof(Process).Assembly, typeof(VmObject).Assembly }.SelectMany(assembly => assembly.GetTypes())
            .FirstOrDefault(type => type.Name == (IsName(kind) ? nameof(NameRecord) : $"{kind}Record"));
        return type == null ? [] : new ObjectFields(type).Fields;
    }

    private static bool IsName(ObjectKind kind) => kind is ObjectKind.FormerName;

    public static IEnumerable<ObjectKind> Kinds => _types.Keys;

    private int Add(Type top, Type type, string prefix, int start)
    {
        int offset = 0;
        int alignment = 1;
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field
            => field.MetadataToken))
        {
            (int size, int align) = Measure(field.FieldType, field);
            align = Math.Min(align, PackOf(type));
            offset = (offset + align - 1) / align * align;
            alignment = Math.Max(alignment, align);
            AddField(top, field, prefix + field.Name, start + offset, size);
            offset += size;
        }
        return (offset + alignment - 1) / alignment * alignment;
    }

    private void AddField(Type top, FieldInfo field, string name, int offset, int size)
    {
        Type type = field.FieldType;
        bool isIgnored = _ignored.GetValueOrDefault(top)?.Contains(name) == true || type == typeof(WaitQueue)
            || (field.DeclaringType == typeof(ObjectHeader) && _ofHeader.Contains(field.Name));
        if (isIgnored)
            return;
        if (type == typeof(DeadlineNode))
            _fields.Add(new ObjectField(name, offset, size, FieldKind.Deadline));
        else if (_arrays.Contains((top, name)))
            _fields.AddRange(Enumerable.Range(0, size / 8).Select(i => new ObjectField($"{name}[{i}]", offset + (i * 8), 8,
                FieldKind.Reference)));
        else if (IsReference(top, type, name))
            _fields.Add(new ObjectField(name, offset, size, FieldKind.Reference));
        else if (type.IsPointer)
            throw new InvalidOperationException($"{top.Name}.{name} is a pointer nobody has classified");
        else if (IsStructure(type) && field.GetCustomAttribute<FixedBufferAttribute>() == null)
            Add(top, type, name + ".", offset);
        else
            _fields.Add(new ObjectField(name, offset, size, FieldKind.Plain));
    }

    private static bool IsReference(Type top, Type type, string name)
    {
        if (!type.IsPointer)
            return false;
        Type target = type.GetElementType()!;
        return target == typeof(ObjectHeader) || (top == typeof(Process) && name is "Descriptors" or "FileSystem")
            || (target != typeof(void) && target.GetFields(BindingFlags.Instance
                | BindingFlags.Public).FirstOrDefault()?.FieldType == typeof(ObjectHeader));
    }

    private static (int Size, int Alignment) Measure(Type type, FieldInfo? field)
    {
        if (field?.GetCustomAttribute<FixedBufferAttribute>() is { } buffer)
            return (Measure(buffer.ElementType, null).Size * buffer.Length, Measure(buffer.ElementType, null).Alignment);
        if (type.IsEnum)
            return Measure(Enum.GetUnderlyingType(type), null);
        if (type.IsPointer)
            return (8, 8);
        if (type.IsPrimitive)
            return Primitive(type);
        int alignment = 1;
        int size = 0;
        foreach (FieldInfo each in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(each
            => each.MetadataToken))
        {
            (int bytes, int align) = Measure(each.FieldType, each);
            align = Math.Min(align, PackOf(type));
            size = ((size + align - 1) / align * align) + bytes;
            alignment = Math.Max(alignment, align);
        }
        if (type.GetCustomAttribute<InlineArrayAttribute>() is { } array)
            size *= array.Length;
        return ((size + alignment - 1) / alignment * alignment, alignment);
    }

    private static (int Size, int Alignment) Primitive(Type type)
    {
        int size = Type.GetTypeCode(type) switch
        {
            TypeCode.Byte or TypeCode.SByte or TypeCode.Boolean => 1,
            TypeCode.Int16 or TypeCode.UInt16 or TypeCode.Char => 2,
            TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
            _ => 8,
        };
        return (size, size);
    }

    private static int PackOf(Type type) => type.StructLayoutAttribute is { Pack: > 0 } layout ? layout.Pack : 8;

    private static bool IsStructure(Type type)
        => type.IsValueType && !type.IsPrimitive && !type.IsEnum && type.GetCustomAttribute<InlineArrayAttribute>() == null;

    // Neighbours are compared in one go; which of them differs is found out afterwards.
    private void Merge() => _fields.Sort((left, right) => left.Offset.CompareTo(right.Offset));

    /// <summary>Stretches of plain fields without gaps, for a fast comparison.</summary>
    public IReadOnlyList<(int Offset, int Length)> Stretches => _stretches ??= MakeStretches();

    private List<(int Offset, int Length)>? _stretches;

    private List<(int Offset, int Length)> MakeStretches()
    {
        var stretches = new List<(int Offset, int Length)>();
        foreach (ObjectField field in _fields.Where(field => field.Kind == FieldKind.Plain))
        {
            if (stretches.Count > 0 && stretches[^1].Offset + stretches[^1].Length == field.Offset)
                stretches[^1] = (stretches[^1].Offset, stretches[^1].Length + field.Length);
            else
                stretches.Add((field.Offset, field.Length));
        }
        return stretches;
    }
}
