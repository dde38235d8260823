using System;

namespace Aurora.Images;

/// <summary>An image or its contents cannot be read or made; the message is meant for the user.</summary>
public sealed class ImageException : Exception
{
    public ImageException()
    {
    }

    public ImageException(string message)
        : base(message)
    {
    }

    public ImageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
