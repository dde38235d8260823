using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The codecs of all file objects, for the checkpoint engine's table.</summary>
public sealed class FileCodecs(FileServices files)
{
    public const int Count = 24;

    private readonly StateCodec[] _all =
    [
        new InodeCodec(files), new SymbolicLinkTailCodec(files), new DirectoryEntryCodec(files), new FormerNameCodec(files),
        new OpenFileCodec(files), new DescriptorTableCodec(files), new DescriptorChunkCodec(files), new PipeCodec(files),
        new FileLockCodec(files), new FileContextCodec(files), new ExtendedAttributesCodec(files), new FileTreeCodec(files),
        new EventCounterCodec(files), new TimerFileCodec(files), new SignalFileCodec(files), new ProcessHandleCodec(files),
        new EventPollCodec(files), new EventWatchCodec(files),
        new InotifyCodec(files), new InotifyWatchCodec(files), new InotifyEventCodec(files),
        new SocketCodec(files), new SocketMessageCodec(files), new SocketRightsCodec(files),
    ];

    public StateCodec this[int index] => _all[index];
}
