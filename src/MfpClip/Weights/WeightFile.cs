using MfpClip.Weights.Torch;

namespace MfpClip.Weights;

/// <summary>Opens weight files of every published kind. The kind is recognized from the content, never from the name.</summary>
public static class WeightFile
{
    /// <summary>Opens safetensors, <c>torch.save</c> in zip and legacy form, and TorchScript archives.</summary>
    /// <param name="path">The file. It stays open until the result is disposed; tensors are read on demand.</param>
    /// <exception cref="WeightsException">The file is absent, damaged, of no known kind, or asks for code to be run.</exception>
    public static IWeightFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = FileBytes.Open(path);
        try
        {
            return Parse(file);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is WeightsException)
            {
                throw;
            }

            if (e is IOException or InvalidDataException or FormatException or OverflowException or ArgumentException or NotSupportedException)
            {
                throw new WeightsException(path, $"the file is damaged ({e.Message}). Get it again.", e);
            }

            throw;
        }
    }

    /// <summary>Opens weights that lie inside an assembly.</summary>
    /// <param name="name">What stands in messages and descriptions.</param>
    /// <param name="resource">As <c>Assembly.GetManifestResourceStream</c> gives it; taken over.</param>
    /// <returns>A reader that owns the stream until it is disposed.</returns>
    /// <exception cref="WeightsException">It is no safetensors file.</exception>
    public static IWeightFile Open(string name, UnmanagedMemoryStream resource)
    {
        var file = FileBytes.Of(name, resource);
        try
        {
            return SafetensorsReader.Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static StoredWeightFile Parse(FileBytes file)
    {
        Span<byte> start = stackalloc byte[16];
        int read = (int)Math.Min(16, file.Length);
        file.Read(0, start[..read]);
        start = start[..read];
        if (read < 10)
        {
            throw new WeightsException(file.Path, $"the file has only {file.Length} bytes and holds no weights. Get it again.");
        }

        if (start.StartsWith("PK\u0003\u0004"u8))
        {
            return TorchZipReader.Read(file);
        }

        if (start.StartsWith(TorchLegacyReader.Magic))
        {
            return TorchLegacyReader.Read(file);
        }

        if (start[8] == (byte)'{')
        {
            return SafetensorsReader.Read(file);
        }

        string hint = start.StartsWith("version http"u8) ? " It is a Git LFS pointer: fetch the real file with 'git lfs pull'."
            : start.StartsWith("<!DOCTYPE"u8) || start.StartsWith("<html"u8) ? " It is a web page: the download went wrong."
            : " Known kinds: safetensors, torch.save (zip and legacy), TorchScript.";
        throw new WeightsException(file.Path, "the content is of no known kind." + hint);
    }
}
