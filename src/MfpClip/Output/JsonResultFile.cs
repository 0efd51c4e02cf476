using System.Text.Encodings.Web;
using System.Text.Json;
using MfpClip.Files;

namespace MfpClip.Output;

/// <summary>
/// All outcomes as one JSON object: the detector, and <c>results</c> with <c>image_name</c>, <c>result</c> (an <see cref="AnomalyResult"/> as
/// <see cref="AnomalyResultJsonContext"/> writes it, or null) and <c>error</c> (a message, or null) for each image.
/// </summary>
public sealed class JsonResultFile : IResultWriter
{
    private readonly AnomalyResultJsonContext _results;
    private readonly StreamedFile _file;
    private readonly Utf8JsonWriter _json;
    private int _images, _failed;

    /// <summary>Starts the file.</summary>
    /// <param name="path">The file to be made.</param>
    /// <param name="description">The detector.</param>
    /// <param name="includeMaps">Whether maps are written, base64 of float32: megabytes an image.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public JsonResultFile(string path, DetectorDescription description, bool includeMaps = false)
    {
        ArgumentNullException.ThrowIfNull(description);
        _results = includeMaps ? AnomalyResultJsonContext.Default : AnomalyResultJsonContext.WithoutMaps;
        _file = new(path);
        _json = new(_file.Stream, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _file.Guard(() =>
        {
            _json.WriteStartObject();
            _json.WriteString("method", description.Method);
            _json.WriteString("library_version", description.LibraryVersion);
            _json.WriteString("weights_hash", description.WeightsHash);
            _json.WriteNumber("model_size", description.ImageSize);
            _json.WriteStartArray("results");
        });
    }

    /// <summary>A sentence for the reader of the file, for example that the run was stopped; written by <see cref="Complete"/>.</summary>
    public string? Notice { get; set; }

    /// <inheritdoc/>
    public void Add(DetectionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        (_images, _failed) = (_images + 1, _failed + (outcome.Error is null ? 0 : 1));
        _file.Guard(() =>
        {
            _json.WriteStartObject();
            _json.WriteString("image_name", outcome.ImageName);
            _json.WritePropertyName("result");
            if (outcome.Result is { } result)
            {
                JsonSerializer.Serialize(_json, result, _results.AnomalyResult);
            }
            else
            {
                _json.WriteNullValue();
            }

            _json.WriteString("error", outcome.Error?.Message);
            _json.WriteEndObject();
            _json.Flush();
        });
    }

    /// <inheritdoc/>
    public void Complete() => _file.Guard(() =>
    {
        _json.WriteEndArray();
        _json.WriteNumber("images", _images);
        _json.WriteNumber("failed", _failed);
        _json.WriteString("notice", Notice);
        _json.WriteEndObject();
        _json.Dispose();
        _file.Complete();
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose(); // before the writer: what it holds is not to be written any more
    }
}
