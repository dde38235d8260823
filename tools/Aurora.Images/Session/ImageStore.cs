using System;
using System.Buffers.Binary;
using System.IO;
using System.Security.Cryptography;
using Aurora.Base;
using Aurora.Host;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The object store on an image file.</summary>
internal sealed class ImageStore : IDisposable
{
    private readonly FileBlockDevice _device;
    private readonly bool _isReadOnly;

    private ImageStore(FileBlockDevice device, HostMachine machine, ObjectStore store, bool isReadOnly)
    {
        _device = device;
        _isReadOnly = isReadOnly;
        Machine = machine;
        Store = store;
    }

    public HostMachine Machine { get; }
    public ObjectStore Store { get; }

    /// <summary>Makes a sparse file of this size with an empty store. The file must not exist.</summary>
    public static ImageStore Format(string path, long bytes)
    {
        HostMachine.Install();
        using (FileBlockDevice device = CreateDevice(path, bytes))
        {
            Span<byte> identity = stackalloc byte[16];
            RandomNumberGenerator.Fill(identity);
            var options = new FormatOptions
            {
                UuidLow = BinaryPrimitives.ReadUInt64LittleEndian(identity) | 1,
                UuidHigh = BinaryPrimitives.ReadUInt64LittleEndian(identity[8..]),
            };
            StoreStatus status = ObjectStore.Format(device, new HostPages(), new SynchronousFibers(), in options);
            if (status != StoreStatus.Ok)
                throw new ImageException($"{path} cannot be formatted: {StoreText.Of(status)}");
        }
        return Open(path, readOnly: false);
    }

    private static FileBlockDevice CreateDevice(string path, long bytes)
    {
        try
        {
            return FileBlockDevice.Create(path, bytes);
        }
        catch (ArgumentOutOfRangeException failure)
        {
            throw new ImageException($"{path}: the file system has no files of {bytes} bytes", failure);
        }
    }

    /// <summary>Opens the store on an image; throws with the fault and its place when it is not whole.</summary>
    public static ImageStore Open(string path, bool readOnly)
    {
        HostMachine.Install();
        FileBlockDevice device = OpenDevice(path, readOnly);
        var machine = new HostMachine();
        StoreStatus status = ObjectStore.Open(
            device, machine.Pages, machine.Fibers, new OpenOptions { ReadOnly = readOnly }, out ObjectStore? store, out StoreFault fault);
        if (status == StoreStatus.Ok)
            return new ImageStore(device, machine, store!, readOnly);
        machine.Dispose();
        device.Dispose();
        throw new ImageException($"{path}: {StoreText.Of(in fault)}");
    }

    /// <summary>Brings an image of the format from before volumes up to date. Broken off, it can be tried again.</summary>
    public static void Upgrade(string path)
    {
        HostMachine.Install();
        using FileBlockDevice device = OpenDevice(path, readOnly: false);
        using var machine = new HostMachine();
        StoreStatus status = ObjectStore.Upgrade(device, machine.Pages, machine.Fibers, default, out StoreFault fault);
        if (status == StoreStatus.BadArgument)
            throw new ImageException($"{path} has the newest format already");
        if (status != StoreStatus.Ok)
            throw new ImageException($"{path}: {(fault.Status == status ? StoreText.Of(in fault) : StoreText.Of(status))}");
    }

    /// <summary>Opens the store for reading as it was at a checkpoint, named by its epoch or its name; the newest state for null.</summary>
    public static ImageStore OpenAt(string path, string? checkpoint)
    {
        ImageStore image = Open(path, readOnly: true);
        if (checkpoint == null)
            return image;
        try
        {
            ulong sequence = ImageHistory.Find(image, checkpoint).Sequence;
            StoreStatus status = image.Store.ShowCheckpoint(VolumeId.First, sequence);
            return status == StoreStatus.Ok ? image : throw new ImageException($"checkpoint {checkpoint} cannot be read: {image.Explain(status)}");
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Opens and locks an image file. Readers share it with each other, never with a writer or a running machine.</summary>
    public static FileBlockDevice OpenDevice(string path, bool readOnly)
    {
        if (!File.Exists(path))
            throw new ImageException($"no disk image at {path}");
        try
        {
            return FileBlockDevice.Open(path, readOnly);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new ImageException($"the disk image {path} cannot be opened", failure);
        }
        catch (IOException failure)
        {
            throw new ImageException($"the disk image {path} is in use by another Aurora (a running machine, or a tool that writes it)", failure);
        }
    }

    /// <summary>What went wrong, with its place.</summary>
    public string Explain(StoreStatus status)
    {
        StoreFault fault = Store.LastFault;
        return fault.Status == status ? StoreText.Of(in fault) : StoreText.Of(status);
    }

    // With its trees up to date an image opens at once; without, it would only open more slowly, so a failure here is none.
    private void CloseWritten()
    {
        Store.CutNow();
        Store.Close();
    }

    public void Dispose()
    {
        if (_isReadOnly)
            Store.Abandon();
        else
            CloseWritten();
        Machine.Dispose();
        _device.Dispose();
    }
}
