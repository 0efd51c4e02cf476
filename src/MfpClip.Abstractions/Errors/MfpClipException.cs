namespace MfpClip;

/// <summary>Base of everything this library throws on purpose. The message says what is wrong, where, and what to do.</summary>
public class MfpClipException : Exception
{
    /// <summary>Creates the error.</summary>
    public MfpClipException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>An image cannot be read, or exceeds the limits.</summary>
public sealed class ImageDecodeException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public ImageDecodeException(string source, string reason, Exception? innerException = null)
        : base($"Image '{source}': {reason}", innerException) => ImageName = source;

    /// <summary>Name of the image.</summary>
    public string ImageName { get; }
}

/// <summary>A weight file, checkpoint or tokenizer file is damaged, of the wrong kind, or does not fit the model.</summary>
public class WeightsException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public WeightsException(string path, string reason, Exception? innerException = null)
        : base($"Weights '{path}': {reason}", innerException) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}

/// <summary>Tensors of a weight file do not fit the model; lists all of them.</summary>
public sealed class WeightsMismatchException : WeightsException
{
    /// <summary>Creates the error from every difference found.</summary>
    public WeightsMismatchException(string path, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> wrongShape)
        : base(path, Describe(missing, unexpected, wrongShape)) => (Missing, Unexpected, WrongShape) = (missing, unexpected, wrongShape);

    /// <summary>Names the model needs and the file lacks.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Names the file has and the model does not know.</summary>
    public IReadOnlyList<string> Unexpected { get; }

    /// <summary>Tensors whose shape differs, each with both shapes.</summary>
    public IReadOnlyList<string> WrongShape { get; }

    private static string Describe(IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> wrongShape)
    {
        var parts = new List<string>();
        Add("missing", missing);
        Add("unexpected", unexpected);
        Add("of the wrong shape", wrongShape);
        return $"the tensors do not fit the model. {string.Join(" ", parts)} Check that the configuration describes the same model as the file.";

        void Add(string what, IReadOnlyList<string> names)
        {
            if (names.Count > 0)
            {
                parts.Add($"{names.Count} {what}: {string.Join(", ", names)}.");
            }
        }
    }
}

/// <summary>A composition or option is not valid; lists every fault found.</summary>
public sealed class DetectorConfigurationException : MfpClipException
{
    /// <summary>Creates the error from every fault found.</summary>
    public DetectorConfigurationException(IReadOnlyList<string> faults)
        : base($"The detector cannot be built, {faults.Count} fault(s): {string.Join(" | ", faults)}") => Faults = faults;

    /// <summary>Each fault, as text.</summary>
    public IReadOnlyList<string> Faults { get; }
}

/// <summary>The native backend (libtorch) is absent, doubled, or does not load here.</summary>
public sealed class NativeBackendException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public NativeBackendException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A named model cannot be had: unknown, offline, damaged or refused.</summary>
public sealed class ModelStoreException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public ModelStoreException(string model, string reason, Exception? innerException = null)
        : base($"Model '{model}': {reason}", innerException) => Model = model;

    /// <summary>Name of the model.</summary>
    public string Model { get; }
}

/// <summary>A calibration is damaged, cannot be made, or was made with another detector.</summary>
public sealed class CalibrationException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public CalibrationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>What differs, where it was made with another detector; else empty.</summary>
    public IReadOnlyList<ScoreDifference> Differences { get; init; } = [];
}

/// <summary>References, normal images, cannot be used.</summary>
public sealed class ReferenceException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    /// <param name="reference">The image or file it is about; <see langword="null"/>: the set.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    /// <param name="innerException">Cause.</param>
    public ReferenceException(string? reference, string reason, Exception? innerException = null)
        : base(reference is null ? $"References: {reason}" : $"Reference '{reference}': {reason}", innerException) => Reference = reference;

    /// <summary>The image or file it is about; <see langword="null"/>: the set.</summary>
    public string? Reference { get; }
}

/// <summary>A result cannot be written; nothing half-written is left behind.</summary>
public sealed class OutputException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public OutputException(string path, string reason, Exception? innerException = null)
        : base($"Output '{path}': {reason}", innerException) => Path = path;

    /// <summary>The file that was to be written.</summary>
    public string Path { get; }
}

/// <summary>An option of one call does not fit: class name, region of interest, threshold.</summary>
public sealed class DetectionOptionsException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public DetectionOptionsException(string option, string reason)
        : base($"{option}: {reason}") => Option = option;

    /// <summary>Name of the option.</summary>
    public string Option { get; }
}

/// <summary>A detector's region of interest does not fit an image: another aspect ratio, or no pixel of the image inside.</summary>
public sealed class RegionOfInterestException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    /// <param name="image">Name of the image.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    public RegionOfInterestException(string image, string reason)
        : base($"Image '{image}': {reason}") => Image = image;

    /// <summary>Name of the image.</summary>
    public string Image { get; }
}

/// <summary>The forward pass gave values that are not finite.</summary>
public sealed class InferenceException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public InferenceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
