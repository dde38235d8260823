using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;

namespace Aurora.Linux.Executive;

public sealed unsafe partial class LinuxKernel
{
    private FileServices? _files;
    private CheckpointService? _checkpoints;

    /// <summary>The files behind the file calls.</summary>
    public FileServices Files => _files!;

    /// <summary>What fsync and its kin wait for.</summary>
    public CheckpointService Checkpoints => _checkpoints!;

    /// <summary>Gives the file calls what they work on; at boot, once, before any program runs.</summary>
    public void AttachFiles(FileServices files, CheckpointService checkpoints)
    {
        Panic.Unless(_files is null, "linux: files attached twice"u8);
        _files = files;
        _checkpoints = checkpoints;
        Linux.Files.FileCalls.Register(Calls);
    }
}
